"""What was checked of a realm, at which server, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.finding import Word

NOT_REACHED: Final = "not reached"
"""The text of a check that waits for an earlier stage to be well."""


class Stage(Enum):
    """In the order in which they are gone through."""

    ADDRESS = "address"
    PORT = "port"
    STARTTLS = "starttls"
    CERTIFICATE = "certificate"
    VERSION = "tls-version"
    BIND = "bind"
    BASE = "base"
    USERS = "users"
    GROUPS = "groups"
    NAMES = "names"
    LOGIN = "login"


class Fact(NamedTuple):
    """Something that was seen, for the details: a heading and untrusted text."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One stage at one server. `text`: a few words for the table (`241 days`, `other name`);
    `seconds` None where nothing was timed; `causes`: worst first, none where all is well.
    `-` is a stage that was not reached, or that the realm does not have.
    """

    stage: Stage
    server: str
    word: Word
    text: str = ""
    seconds: float | None = None
    causes: tuple[Cause, ...] = ()
    facts: tuple[Fact, ...] = ()
    original: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RealmTest:
    """All checks, stage by stage and in the order of the servers.

    `saved`: the realm is as PVE has it. `seconds`: all of it. `stopped`: somebody cancelled it.
    """

    settings: DirectorySettings
    checks: tuple[Check, ...]
    seconds: float = 0.0
    saved: bool = True
    stopped: bool = False

    def at(self, stage: Stage, server: str) -> Check:
        """A stage that has not been gone through is `-`."""
        for check in self.checks:
            if (check.stage, check.server) == (stage, server):
                return check
        return Check(stage, server, "-", NOT_REACHED)


class Fix(NamedTuple):
    """Something to do about it. `options`: what of the realm it would change (PVE's names, ""
    deletes), none where it is to be done elsewhere.
    """

    text: str
    options: Mapping[str, str] = {}


class Advice(NamedTuple):
    """`what` is wrong, what it means `now`, and what to do, best first."""

    what: str
    now: str = ""
    fixes: tuple[Fix, ...] = ()
