"""What was checked of an OpenID realm, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.realmtest.report import Advice, Fact, Fix

__all__ = ["Advice", "Check", "Fact", "Fix", "OpenIdTest", "Stage"]

NOT_REACHED = "not reached"


class Stage(Enum):
    """In the order in which they are gone through."""

    ADDRESS = "address"
    PORT = "port"
    TLS = "tls"
    DISCOVERY = "discovery"
    ISSUER = "issuer"
    CLOCK = "clock"
    ENDPOINTS = "endpoints"
    KEYS = "keys"
    CLAIMS = "claims"
    AUTHORIZE = "authorize"
    PKCE = "pkce"
    SECRET = "secret"  # noqa: S105 (a name)
    PVE = "pve"


@dataclass(frozen=True, slots=True)
class Check:
    """One stage. `text`: a few words for the table (`3 RSA keys`, `slash missing`), which may
    hold untrusted text; `seconds` None where nothing was timed; `causes`: worst first, none where
    all is well. `-`: not reached, not asked, or not to be decided without a person.
    """

    stage: Stage
    word: Word
    text: str = ""
    seconds: float | None = None
    causes: tuple[Cause, ...] = ()
    facts: tuple[Fact, ...] = ()
    original: str = field(default="", repr=False)

    def fact(self, heading: str) -> str:
        """The text of a fact, "" where there is none."""
        return next((fact.text for fact in self.facts if fact.heading == heading), "")


@dataclass(frozen=True, slots=True)
class OpenIdTest:
    """All checks, stage by stage.

    `redirect`: the URI it was asked with; `saved`: the realm is as PVE has it; `seconds`: all of
    it; `stopped`: somebody cancelled it.
    """

    settings: OpenIdSettings
    redirect: str
    checks: tuple[Check, ...]
    seconds: float = 0.0
    saved: bool = True
    stopped: bool = False

    def at(self, stage: Stage) -> Check:
        """A stage that has not been gone through is `-`."""
        for check in self.checks:
            if check.stage is stage:
                return check
        return Check(stage, "-", NOT_REACHED)
