"""What the journal holds: one entry before each step and one after it (security.md R16 to R17b)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Event = Literal["begin", "intent", "result", "end", "armed", "kept", "fired", "expired", "purged"]


@dataclass(frozen=True, slots=True)
class Entry:
    """`plan` is the plan's id, `title` its title; `step` counts from 1, 0 for the plan as a whole.

    `text`: the command as shown (intent), or nothing. `outcome`: `ok`, `failed: Refused`,
    `unsure: Unreachable`, `not run`. `reason`: what the admin gave, or what was overridden.
    """

    event: Event
    plan: str
    title: str
    step: int = 0
    text: str = ""
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """`kernel`: what the kernel and logind say (login uid, session, tty, remote host); `claimed`:
    what the environment says (SUDO_USER, SSH_CONNECTION), which anybody can set.
    """

    kernel: str
    claimed: str = ""
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it lies in the file: number, time (seconds since 1970), who, hash of its line."""

    number: int
    time: float
    who: Who
    entry: Entry
    hash: str
