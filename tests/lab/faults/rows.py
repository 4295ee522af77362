"""What a row says. `around` names a state of the lab's network that holds meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.openid import causes as openid
from pve_auth_tui.core.openid.report import Stage as OpenIdStage
from pve_auth_tui.core.realmtest.report import Stage

Server = Literal["slapd", "Samba AD"]
Around = Literal["", "dns dropped", "dns nowhere", "ports dropped", "ports rejected"]


@dataclass(frozen=True)
class DirectoryFault:
    """`server`, `name`, `seeded`: for people. `options`: of the realm, beside those of a healthy
    one ("" takes one away). `word`: what the stage says. `person`: whose login is tried, instead of
    a test of all stages. `refused`: how many binds the servers refuse meanwhile (R23). `offset`:
    seconds that this node's clock is ahead. `password`: None for the right one.
    """

    server: Server
    name: str
    seeded: str
    stage: Stage
    cause: Cause
    options: Mapping[str, str] = field(default_factory=dict)
    word: Word = "BAD"
    password: str | None = None
    person: tuple[str, str] | None = None
    refused: int = 0
    agreed: bool = False
    offset: float = 0.0
    around: Around = ""


@dataclass(frozen=True)
class OpenIdFault:
    """As above; `options` beside those of a healthy OpenID realm. `redirect`: the URI, "" for the
    right one.
    """

    name: str
    seeded: str
    stage: OpenIdStage
    cause: openid.Cause
    options: Mapping[str, str] = field(default_factory=dict)
    word: Word = "BAD"
    redirect: str = ""
    around: Around = ""
