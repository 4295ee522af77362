"""How the node is reached now, and what is therefore possible: every screen asks this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

from pve_auth_tui.core.snapshot import Snapshot

DIRECT, HTTPS, PVESH, FILES, DATABASE = "direct", "https", "pvesh", "files", "config.db"
_ASKS_PVE: Final = frozenset({DIRECT, HTTPS, PVESH})

_WAITING: Final = "PVE's API is still being asked"
_ON_PURPOSE: Final = "--read-only was given"
_NO_QUORUM: Final = "read-only: no quorum"
_NO_API: Final = "read-only: PVE's API does not answer"
_NO_LOGIN: Final = "PVE's API does not answer"
_IN_ARGV: Final = "pvesh cannot carry a secret: others could read it"
_READS: Final[Mapping[str, str]] = {
    DATABASE: "read-only: this is read from config.db",
    FILES: _NO_API,
}


class Ability(Enum):
    """What a screen may want to do.

    CHANGE anything in PVE; SEND_SECRET: change something with a password, a key or a code in
    it; LOGIN: prove a password or factor by a login; SEE_TASKS: follow what PVE does.
    """

    CHANGE = auto()
    SEND_SECRET = auto()
    LOGIN = auto()
    SEE_TASKS = auto()


class Tried(NamedTuple):
    """A way that did not work: one sentence, the next step, the text as the system gave it."""

    way: str
    reason: str
    hint: str = ""
    original: str = ""


@dataclass(frozen=True)
class Node:
    """`way` is one of this module's words, or that of another tree (`demo`); `user` is who asks,
    "" for files.

    `tried` are the better ways and why they failed, best first. `waiting`: they are still being
    tried, or the API is still being asked. `seconds`: how long it has taken to answer.
    `quorate` is None where nobody knows. `read_only`: the user asked for it.
    """

    way: str
    user: str = ""
    tried: tuple[Tried, ...] = ()
    quorate: bool | None = None
    pve_release: str = ""
    access_control: str = ""
    demo: bool = False
    read_only: bool = False
    waiting: bool = False
    seconds: float = 0.0

    @property
    def asks_pve(self) -> bool:
        """Whether PVE itself answers, and not only its files."""
        return self.way in _ASKS_PVE

    @property
    def shown(self) -> str:
        """For line 1: `root@pam, direct`, `ann@pve, https`, `pvesh`, `files, READ-ONLY`."""
        parts = [self.way]
        if self.way in {DIRECT, HTTPS}:
            parts.insert(0, self.user)
        if self.waiting and (self.seconds or not self.asks_pve):
            parts.append("asking PVE")
        elif not self.asks_pve or self.read_only:
            parts.append("READ-ONLY")
        return ", ".join(part for part in parts if part)

    def can(self, ability: Ability) -> str:
        """Why something is not possible now, in a few words; "" when it is.

        Answered from the picture alone: PVE itself would wait 10 s for a quorum that is not there.
        """
        if ability is Ability.SEE_TASKS:
            return "" if self.asks_pve else self._waits_or(_NO_LOGIN)
        if self.read_only:
            return _ON_PURPOSE
        if ability is Ability.LOGIN:
            return "" if self.asks_pve else self._waits_or(_NO_LOGIN)
        if self.quorate is False:
            return _NO_QUORUM
        if not self.asks_pve:
            return self._waits_or(_READS.get(self.way, _NO_API))
        if ability is Ability.SEND_SECRET and self.way == PVESH:
            return _IN_ARGV
        return ""

    def _waits_or(self, reason: str) -> str:
        return _WAITING if self.waiting else reason


def node_of(
    snapshot: Snapshot,
    *,
    way: str = "",
    user: str = "",
    tried: tuple[Tried, ...] = (),
    read_only: bool = False,
    waiting: bool = False,
) -> Node:
    """The node behind a picture; without `way` it is reached as the picture was made."""
    cluster = snapshot.cluster.value
    return Node(
        way=way or snapshot.source,
        user=user,
        tried=tried,
        quorate=cluster.quorate if cluster else None,
        pve_release=cluster.pve_release if cluster else "",
        access_control=cluster.access_control if cluster else "",
        demo=snapshot.demo,
        read_only=read_only,
        waiting=waiting,
    )
