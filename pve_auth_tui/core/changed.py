"""What a change did to each object, and what is needed to find the way back from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pve_auth_tui.core import versions
from pve_auth_tui.core.objects import KINDS, Key, Kind, Record, record
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import ApiCall, TakeBack
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot

CodeOf = Callable[[Totp], Secret]
"""The code that a device with this secret shows now."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One object: its record before a change and after it, None where it was not there."""

    key: Key
    before: Record | None
    after: Record | None

    @property
    def was_made(self) -> bool:
        """The change made it; the way back removes it."""
        return self.before is None

    @property
    def was_removed(self) -> bool:
        """The change removed it; the way back makes it anew."""
        return self.after is None

    @property
    def back(self) -> Record:
        """Only those values that the way back sets: all of one that was removed."""
        before, after = self.before or {}, self.after or {}
        return {name: value for name, value in before.items() if after.get(name) != value}


def changed(before: Snapshot, after: Snapshot, touched: Sequence[Key]) -> tuple[Changed, ...]:
    """Those of the touched objects that really differ, with both records."""
    found = (Changed(key, record(before, key), record(after, key)) for key in touched)
    return tuple(one for one in found if one.before != one.after)


def members(text: str) -> tuple[str, ...]:
    """The names in a list as records have it: `a,b`."""
    return tuple(filter(None, text.split(",")))


@dataclass
class Way:
    """The way back while it is being put together, and all that those who do so may ask.

    `code_of` is None where the way is only to be shown.
    """

    changes: Mapping[Key, Changed]
    material: Mapping[str, Secret]
    snapshot: Snapshot
    now: float
    code_of: CodeOf | None = None
    factors_of: set[str] = field(default_factory=set)
    _first: list[ApiCall] = field(default_factory=list)
    _made: dict[Kind, list[ApiCall]] = field(default_factory=dict)
    _last: list[ApiCall] = field(default_factory=list)
    _removed: dict[Kind, list[ApiCall]] = field(default_factory=dict)
    _lost: dict[str, None] = field(default_factory=dict)
    _anew: set[str] = field(default_factory=set)

    @cached_property
    def _by_kind(self) -> Mapping[Kind, list[Changed]]:
        found: dict[Kind, list[Changed]] = {}
        for key, one in self.changes.items():
            found.setdefault(key.kind, []).append(one)
        return found

    @cached_property
    def had_factors(self) -> frozenset[str]:
        """Userids that codes or keys kept others out of before the change."""
        factors = self.of("factor")
        return frozenset(one.key.name for one in factors if one.back.get("enable") == "1")

    def of(self, kind: Kind) -> Sequence[Changed]:
        """The changed objects of a kind."""
        return self._by_kind.get(kind, ())

    def goes(self, kind: Kind, name: str) -> bool:
        """Does the way back remove that object?"""
        found = self.changes.get(Key(kind, name))
        return found is not None and found.was_made

    def is_there(self, kind: Kind, name: str) -> bool:
        """Is there such a user, group, role or token at the end of the way?"""
        found = self.changes.get(Key(kind, name))
        if found is not None:
            return not found.was_made
        access = self.snapshot.access.value
        if access is None:
            return True
        if kind == "group":
            return name in access.groups  # its record has all members
        return record(self.snapshot, Key(kind, name)) is not None

    def knows(self, feature: str) -> bool:
        """Has the node's version a feature of `versions.FEATURES`?"""
        return versions.has(self.release, feature)

    @property
    def release(self) -> str:
        """The version of libpve-access-control; where nobody knows, the newest that we know."""
        return release_of(self.snapshot)

    def first(self, call: ApiCall) -> None:
        """Before anything else: what frees a place that another object needs."""
        self._first.append(call)

    def make(self, kind: Kind, call: ApiCall) -> None:
        """Make or change an object of a kind."""
        self._made.setdefault(kind, []).append(call)

    def last(self, call: ApiCall) -> None:
        """When everything is there again that is made."""
        self._last.append(call)

    def remove(self, kind: Kind, call: ApiCall) -> None:
        """Remove an object that the change made."""
        self._removed.setdefault(kind, []).append(call)

    def lose(self, sentence: str) -> None:
        """Something that no call brings back, and why or what to do instead."""
        self._lost[sentence] = None

    def renew(self, sentence: str) -> None:
        """Something that works again, and does not look as before."""
        self.lose(sentence)
        self._anew.add(sentence)

    @property
    def result(self) -> TakeBack:
        """Nothing is removed before all is made: no moment without an administrator."""
        made = [call for kind in KINDS for call in self._made.get(kind, ())]
        removed = [call for kind in reversed(KINDS) for call in self._removed.get(kind, ())]
        steps = (*self._first, *made, *self._last, *removed)
        return TakeBack(steps, tuple(self._lost), frozenset(self._anew))


def call(
    method: str,
    *path: str,
    params: Mapping[str, Param] | None = None,
    secrets: Mapping[str, Secret] | None = None,
) -> ApiCall:
    """One call of the way back."""
    return ApiCall(method, path, params or {}, secrets or {})


def number(text: str) -> int:
    """`enable`, `expire` and the like: records have them as text, calls as numbers."""
    return int(text or "0")


def joined(names: Collection[str]) -> str:
    """A list as PVE's calls take it."""
    return ",".join(names)
