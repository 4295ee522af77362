"""What is wrong with a node and with somebody's login, in seconds and without changing anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.recover.situation import Situation


class Cause(Enum):
    """Why somebody does not get in, or why nothing can be changed."""

    LOCKED = "the second factors are locked"
    NO_FACTOR = "no second factor can be used"
    DISABLED = "the account is disabled"
    EXPIRED = "the account has expired"
    REALM_TFA = "the realm demands a factor that is not there"
    TFA_UNREADABLE = "PVE cannot read priv/tfa.cfg"
    PASSWORD = "no password can be right"  # noqa: S105
    NO_ACCOUNT = "there is no such account"
    PVEPROXY = "pveproxy does not run"
    PVEDAEMON = "pvedaemon does not run"
    NO_QUORUM = "no quorum"
    LOCAL_MODE = "pmxcfs runs in local mode"
    PMXCFS = "pmxcfs does not run"
    DEAD_MOUNT = "/etc/pve does not answer"
    FULL_DISK = "a disk is full"
    READ_ONLY = "a disk is read-only"
    CLOCK = "the clock is wrong"
    RESCUE = "PVE does not run: another system's disk"


class Check(NamedTuple):
    """A line of the diagnosis: what was looked at, and what was found. `more` lines open it."""

    word: Word
    subject: str
    text: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """`userid`: whose login it is about. `sentences`: the verdict, at most three; `causes` the
    gravest first, none where nothing is wrong; `checks` in the order in which they are shown.
    """

    userid: str
    sentences: tuple[str, ...]
    causes: tuple[Cause, ...]
    checks: tuple[Check, ...]


def diagnose(situation: Situation) -> Diagnosis:
    """What is wrong, and what is well."""
    userid = situation.userid
    found = login(situation.snapshot, userid, situation.now)
    obstacle = found.obstacle or "nothing in PVE's files keeps the login out"
    check = Check("BAD" if found.obstacle else "ok", "login", obstacle)
    causes = (Cause.NO_FACTOR,) if found.obstacle else ()
    return Diagnosis(userid, (f"{userid}: {obstacle}.",), causes, (check,))
