"""What a directory was seen to hold, as PVE would take it: users, groups, and who is skipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple


class Skipped(NamedTuple):
    """Something that PVE would not take. `name` and `why` are untrusted."""

    kind: Literal["user", "group", "value"]
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """`users`: userid -> values by PVE's names (`firstname`); `groups`: group -> its members.

    `entries`, `group_entries`: how many came from the directory. `complete` is False when the
    server cut the answer: then nobody may be called gone. `server`: who was asked.
    """

    realm: str
    users: Mapping[str, Mapping[str, str]] = field(repr=False)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    skipped: tuple[Skipped, ...] = field(default=(), repr=False)
    entries: int = 0
    group_entries: int = 0
    complete: bool = True
    server: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """`scope`: users, groups or both. `vanished`: of `entry`, `acl`, `properties`; none at all
    leaves who is gone from the directory as they are.
    """

    scope: Literal["users", "groups", "both"] = "both"
    enable_new: bool = True
    vanished: frozenset[str] = frozenset()

    @property
    def users(self) -> bool:
        return self.scope in ("users", "both")

    @property
    def groups(self) -> bool:
        return self.scope in ("groups", "both")
