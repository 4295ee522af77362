"""What differs on which paths for one kind of subject, told with as few paths as say it all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pve_auth_tui.core.effects.rights import Change, Changes
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.why.standins import Holding, StandIns
from pve_auth_tui.core.why.zones import Paths, Zone, kind_of

Privileges = frozenset[str]
Delta = tuple[Privileges, Privileges]
"""(gained, lost) on one path."""

NOTHING: Delta = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Told:
    """`changes`: the paths where something differs in another way than further up. `unchanged`:
    paths below those where nothing differs.

    A path that is in neither is as the nearest one above it says of what lies below:
    what is gained or lost there, and what is gained or lost only below.
    `below`: what really differs below each path that was looked at. `leaves`: what is said
    of guests and storages.
    """

    changes: Changes
    unchanged: tuple[str, ...]
    below: Mapping[str, Delta]
    leaves: Mapping[str, Delta]

    def says(self, path: str) -> Delta | None:
        """What differs on a guest or storage; None when the path is not named."""
        return self.leaves.get(path)


class Teller:
    """Looks at stand-ins before and after."""

    def __init__(self, paths: Paths, was: StandIns, will: StandIns) -> None:
        self._paths = paths
        self._was = was
        self._will = will
        self._deltas: dict[tuple[int, int], Delta] = {}

    def tell(self, zone: Zone, old: Holding | None, new: Holding | None) -> Told:
        """What differs for whoever held `old` and holds `new`, in the reach of a zone."""
        entries = {path for side in (old, new) if side for path in side.paths()}
        told = _Telling(self._paths)
        looked_at = [path for path in entries if path in zone.members or zone.is_below(path)]
        for path in sorted(zone.touched.union(looked_at), key=self._paths.order):
            here = self.delta(old, new, path)
            leaf = self._paths.is_leaf(path)
            told.add(path, here, here if leaf else self.delta(old, new, below(path)), leaf)
        alike: dict[object, Delta] = {}
        for family, members in zone.families.items():
            others = [path for path in members if path not in told.below]
            if others:
                kind = kind_of(family, entries)
                if kind not in alike:
                    alike[kind] = self.delta(old, new, others[0])
                told.add_members(others, alike[kind])
        return told.told()

    def delta(self, old: Holding | None, new: Holding | None, path: str) -> Delta:
        """What differs for them on a path."""
        was, will = self._was.privileges(old, path), self._will.privileges(new, path)
        # The engines keep what they answer, and give the same again for the same roles.
        key = (id(was), id(will))
        if key not in self._deltas:
            self._deltas[key] = _delta(was, will)
        return self._deltas[key]

    def adapted(
        self, told: Told, here: Mapping[str, Delta], settled: Iterable[str]
    ) -> tuple[Changes, tuple[str, ...]]:
        """(changes, unchanged) of somebody who has entries of its own on more paths.

        `here`: what differs on guests and storages; `settled`: where, and below, nothing does.
        """
        deltas = {**dict.fromkeys(settled, NOTHING), **here}
        other: dict[str, Delta | None] = {}
        for path, delta in deltas.items():
            above = nearest(self._paths, told.below, path)
            says = None if delta == above else delta
            if says != told.says(path):
                other[path] = says
        if not other:
            return told.changes, told.unchanged
        order = self._paths.order
        unchanged = [path for path in told.unchanged if path not in other]
        unchanged += [path for path, of in other.items() if of == NOTHING]
        changes = told.changes
        if any(told.says(path) or of not in (None, NOTHING) for path, of in other.items()):
            rows = {change: [p for p in paths if p not in other] for change, paths in changes}
            for path, differs in other.items():
                if differs is not None and differs != NOTHING:
                    rows.setdefault(Change(*differs, *NOTHING), []).append(path)
            changes = _in_order(rows, order)
        return changes, tuple(sorted(unchanged, key=order))


def _in_order(rows: Mapping[Change, Sequence[str]], order: Callable[[str], str]) -> Changes:
    told = [(change, tuple(sorted(on, key=order))) for change, on in rows.items() if on]
    return tuple(sorted(told, key=lambda row: order(row[1][0])))


def _delta(was: Flags, will: Flags) -> Delta:
    if was.keys() == will.keys():
        return NOTHING
    return frozenset(will.keys() - was.keys()), frozenset(was.keys() - will.keys())


class _Telling:
    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._rows: dict[Change, list[str]] = {}
        self._unchanged: list[str] = []
        self.below: dict[str, Delta] = {}

    def add(self, path: str, here: Delta, under: Delta, leaf: bool) -> None:
        above = nearest(self._paths, self.below, path)
        self.below[path] = under
        if not here == under == above:
            self._row((path,), here, under)

    def add_members(self, members: Sequence[str], here: Delta) -> None:
        """Guests or storages without entries, all of one kind."""
        above = nearest(self._paths, self.below, members[0])
        if any(not self._paths.is_leaf(path) for path in members):
            for path in members:
                self.add(path, here, here if self._paths.is_leaf(path) else above, False)
        elif here != above:
            self._row(members, here, here)

    def _row(self, paths: Sequence[str], here: Delta, under: Delta) -> None:
        if here[0] <= under[0] and here[1] <= under[1]:
            self._say(paths, Change(*here, under[0] - here[0], under[1] - here[1]))
        else:  # not all of it is passed on
            self._say(paths, Change(*here, *NOTHING))
            self._say([below(path) for path in paths], Change(*under, *NOTHING))

    def _say(self, paths: Sequence[str], change: Change) -> None:
        if any(change):
            self._rows.setdefault(change, []).extend(paths)
        else:
            self._unchanged.extend(paths)

    def told(self) -> Told:
        order = self._paths.order
        on_leaf = {
            path: change[:2]
            for change, paths in self._rows.items()
            for path in paths
            if self._paths.is_leaf(path)
        }
        return Told(
            _in_order(self._rows, order),
            tuple(sorted(self._unchanged, key=order)),
            self.below,
            {**on_leaf, **dict.fromkeys(self._unchanged, NOTHING)},
        )


def nearest(paths: Paths, known: Mapping[str, Delta], path: str) -> Delta:
    """What differs below the nearest path above that is known."""
    for above in paths.above(path):
        if above in known:
            return known[above]
    return NOTHING


def below(path: str) -> str:
    """What lies below a path and no entry names: `/vms/*`."""
    return f"{path.rstrip('/')}/*"
