"""What one user or token holds before and after a change, as far as that can matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pve_auth_tui.core.accessdata import ROOT, AclEntry
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.why.disturbed import Disturbed, Entries
from pve_auth_tui.core.why.standins import IS_ROOT, Given, Holding
from pve_auth_tui.core.why.zones import Paths, Zone


@dataclass(frozen=True, slots=True, eq=False)
class Single:
    """Untouched entries on one guest or storage; one object for all to whom they mean the same.

    `like`: one that stands for all with the same pools; `old` and `new` hold these entries there.
    """

    like: str
    old: Holding | None
    new: Holding | None


class Case(NamedTuple):
    """`old` and `new`: None where the subject does not exist; without the entries of `singles`,
    which are (path, entries there).

    `settled`: the topmost paths where and below which nothing changes for it, because its own
    entries there replace what does.
    """

    zone: Zone
    old: Holding | None
    new: Holding | None
    settled: Sequence[str]
    singles: Sequence[tuple[str, Single]]


_Base: TypeAlias = tuple[Holding | None, Holding | None]  # before and after
_Level: TypeAlias = tuple[tuple[bool, str, bool], ...]  # (of a group, role, propagates)


class Cases:
    """Makes the case of each subject that a change touches."""

    def __init__(self, old: Entries, new: Entries, found: Disturbed) -> None:
        self._both = (old, new)
        self._found = found
        self.paths = Paths(old.config, new.config)
        self._zones: dict[frozenset[str], Zone] = {}
        self._bases: dict[_Base, _Base] = {}
        self._singles_known: dict[object, Single] = {}

    def subjects(self) -> list[str]:
        """Users and tokens that exist, before or after, and whose entries are touched."""
        found = set(self._found.wholly)
        for holder in self._found.places:
            if any(side.exists(holder) for side in self._both):
                found.add(holder)
            for side in self._both:
                if user := side.config.users.get(holder):
                    found.update(f"{holder}!{token}" for token in user.tokens)
        return sorted(found)

    def case(self, subject: str) -> Case:
        parts = split_tokenid(subject)
        who = (subject,) if parts is None else (subject, parts[0])
        if subject in self._found.wholly:
            places = {"/"}.union(*(side.paths(each) for each in who for side in self._both))
            touched = [places for _ in who]
        else:
            touched = [self._found.places.get(each, set()) for each in who]
        zone = self._zone(frozenset().union(*touched))
        sides = [(self._side(each, zone), of) for each, of in zip(who, touched, strict=True)]
        kept, settled, leaves = self._sorted(zone, sides)
        count = zone.keep | kept if kept else zone.keep
        old, new = (_holding(side, who, count, leaves) for side in self._both)
        singles = self._singles(zone, who, (old, new), leaves) if leaves else ()
        return Case(zone, old, new, settled, singles)

    def _zone(self, touched: frozenset[str]) -> Zone:
        if touched not in self._zones:
            self._zones[touched] = Zone(self.paths, touched)
        return self._zones[touched]

    def _side(self, who: str, zone: Zone) -> dict[str, bool]:
        """Path where untouched entries matter -> do they replace all that comes from above?"""
        found: dict[str, bool] = {}
        if who == ROOT:  # what stands in the ACL for it does not count
            return found
        side = self._both[1]
        for entry in (*side.own.get(who, ()), *side.of_groups(who)):
            if zone.place(entry.path) in ("below", "single"):
                found[entry.path] = found.get(entry.path, False) or entry.propagate
        return found

    def _sorted(
        self, zone: Zone, sides: Sequence[tuple[Mapping[str, bool], set[str]]]
    ) -> tuple[frozenset[str], list[str], frozenset[str]]:
        """(paths with entries to be kept, settled ones, guests and storages to be looked at)."""
        kept: list[str] = []
        settled: list[str] = []
        leaves: list[str] = []
        paths = {path for side, _ in sides for path in side}
        for path in sorted(paths, key=self.paths.order):
            above = self.paths.above(path)
            if zone.place(path) == "single":
                leaves.append(path)
            elif settled and path.startswith(f"{settled[-1]}/"):
                continue
            elif all(side.get(path) or touched.isdisjoint(above) for side, touched in sides):
                settled.append(path)
            else:
                (leaves if self.paths.is_leaf(path) else kept).append(path)
        return frozenset(kept), settled, frozenset(leaves)

    def _singles(
        self,
        zone: Zone,
        who: Sequence[str],
        base: _Base,
        leaves: Iterable[str],
    ) -> list[tuple[str, Single]]:
        base = self._bases.setdefault(base, base)
        entries = frozenset(path for side in base if side for path in side.paths())
        # Nothing is touched there: the entries are the same before and after.
        levels = [_levels(self._both[1], each, leaves) for each in who]
        found = []
        for path in leaves:
            like = zone.like(path, entries)
            here = tuple([of.get(path, ()) for of in levels])
            key = (id(base), like, here)
            if key not in self._singles_known:
                sides = (_with_level(side, here, like) for side in base)
                self._singles_known[key] = Single(like, *sides)
            found.append((path, self._singles_known[key]))
        return found


def _levels(side: Entries, who: str, paths: Iterable[str]) -> dict[str, _Level]:
    """Path -> a subject's own entries there, then those of its groups."""
    found: dict[str, _Level] = {}
    for of_group, entries in enumerate((side.own.get(who, ()), side.of_groups(who))):
        for entry in entries:
            if entry.path in paths:
                mine = (bool(of_group), entry.role, entry.propagate)
                found[entry.path] = (*found.get(entry.path, ()), mine)
    return found


def _with_level(holding: Holding | None, levels: Sequence[_Level], path: str) -> Holding | None:
    """The same with the entries of one more path; of a token first its own, then its user's."""
    if holding is None or holding.root:
        return holding
    mine = levels[0] if holding.separated else levels[-1]
    own, groups = (
        [(path, role, on) for of_group, role, on in mine if of_group is wanted]
        for wanted in (False, True)
    )
    return holding._replace(
        own=(*holding.own, *own),
        groups=(*holding.groups, *groups),
        owner=_with_level(holding.owner, levels, path),
    )


def _holding(
    side: Entries, who: Sequence[str], places: frozenset[str], leaves: frozenset[str]
) -> Holding | None:
    """What the entries on these places give, but for those on single guests and storages."""
    if not side.exists(who[0]):
        return None
    token = side.token(who[0])
    if token is None or not token.privsep:
        return _of_user(side, who[-1], places, leaves)
    limit = None if who[-1] == ROOT else _of_user(side, who[-1], places, leaves)
    own = _given(side.own.get(who[0], ()), places, leaves)
    return Holding(own, owner=limit, separated=True)


def _of_user(side: Entries, userid: str, places: frozenset[str], leaves: frozenset[str]) -> Holding:
    if userid == ROOT:
        return IS_ROOT
    own = _given(side.own.get(userid, ()), places, leaves)
    return Holding(own, _given(side.of_groups(userid), places, leaves))


def _given(entries: Iterable[AclEntry], places: frozenset[str], leaves: frozenset[str]) -> Given:
    return tuple(
        [
            (entry.path, entry.role, entry.propagate)
            for entry in entries
            if entry.path in places and entry.path not in leaves
        ]
    )
