"""Which paths a change on certain paths can reach: those themselves, all below, pool members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.pathtree import member_paths, pool_path, tree_order
from pve_auth_tui.core.permissions import way
from pve_auth_tui.core.words import natural_order

Place = Literal["keep", "single", "below", "away"]
_MEMBERS = ("/vms", "/storage")  # below these are guests and storages, which pools can have


class Family(NamedTuple):
    """Guests, or storages, that are in the same pools before, and in the same pools after."""

    top: str
    old: tuple[str, ...]
    new: tuple[str, ...]


class Paths:
    """The paths of two configurations: their order, what lies above them, who is in which pool."""

    def __init__(self, old: UserConfig, new: UserConfig) -> None:
        self._above: dict[str, tuple[str, ...]] = {}
        self._order: dict[str, str] = {}
        pools = [_pools_of(old), _pools_of(new)]
        self._families = {
            path: Family(f"/{path.split('/')[1]}", *(of.get(path, ()) for of in pools))
            for path in sorted(pools[0].keys() | pools[1].keys(), key=self.order)
        }
        self._pools = [*old.pools.values(), *new.pools.values()]
        self._moved = {path for path, each in self._families.items() if each.old != each.new}
        self._with_more = {
            above
            for path in {entry.path for config in (old, new) for entry in config.acl}
            if path.count("/") > 2 and path.startswith(_MEMBERS)
            for above in self.above(path)
        }
        self._everything = self._grouped(self._families)

    def above(self, path: str) -> tuple[str, ...]:
        """/vms and / for /vms/100: the nearest first."""
        if path not in self._above:
            self._above[path] = tuple(level for level, _ in way(path))[-2::-1]
        return self._above[path]

    def order(self, path: str) -> str:
        """A sort key: a walk through the tree, /vms/99 before /vms/100."""
        if path not in self._order:
            self._order[path] = tree_order(natural_order(path))
        return self._order[path]

    def is_leaf(self, path: str) -> bool:
        """A guest or storage: nothing lies below it, so nothing can be passed on there."""
        top, _, name = path.rpartition("/")
        return top in _MEMBERS and bool(name) and path not in self._with_more

    def family(self, path: str) -> Family:
        """A guest's or storage's; it need not be in a pool."""
        return self._families.get(path) or Family(f"/{path.split('/')[1]}", (), ())

    def families(self, touched: frozenset[str]) -> Mapping[Family, Sequence[str]]:
        """The members of pools whose rights may depend on the entries on these paths."""
        if "/" in touched or "/pool" in touched:
            return self._everything
        found = set(self._moved)
        for top in touched.intersection(_MEMBERS):
            found.update(path for path, each in self._families.items() if each.top == top)
        if any(path.startswith("/pool/") for path in touched):
            for pool in self._pools:
                if not touched.isdisjoint((pool_path(pool.id), *self.above(pool_path(pool.id)))):
                    found.update(member_paths(pool))
        for path in touched:
            if path in self._families:
                found.add(path)
        return self._grouped(sorted(found, key=self.order))

    def _grouped(self, members: Iterable[str]) -> Mapping[Family, Sequence[str]]:
        found: dict[Family, list[str]] = {}
        for path in members:
            found.setdefault(self._families[path], []).append(path)
        return found


def _pools_of(config: UserConfig) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pool in config.pools.values():
        for path in member_paths(pool):
            found[path] = (*found.get(path, ()), pool.id)
    return found


def kind_of(family: Family, entries: Iterable[str]) -> object:
    """What decides about members without entries: pools without entries are all the same."""
    special = {path.removeprefix("/pool/") for path in entries if path.startswith("/pool/")}
    if not special:
        return family.top, bool(family.old), bool(family.new)
    return (family.top, *(_split(pools, special) for pools in (family.old, family.new)))


def _split(pools: Sequence[str], special: set[str]) -> tuple[bool, tuple[str, ...]]:
    named = tuple(pool for pool in pools if not special.isdisjoint(_with_parents(pool)))
    return len(named) < len(pools), named


def _with_parents(pool: str) -> list[str]:
    """a, a/b and a/b/c for a/b/c."""
    parts = pool.split("/")
    return ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]


class Zone:
    """What entries on `touched` paths can reach.

    `keep`: the paths whose entries have a say there: on the way to a touched path, to a member
    of a pool that is reached, or to its pool.
    """

    def __init__(self, paths: Paths, touched: frozenset[str]) -> None:
        self._paths = paths
        self.touched = touched
        self.families = paths.families(touched)
        self.members = frozenset(path for found in self.families.values() for path in found)
        ends = {*touched, *self.members}
        for each in self.families:
            ends.update(map(pool_path, (*each.old, *each.new)))
        self.keep = frozenset(ends.union(*map(paths.above, ends)))
        self._known: dict[str, Place] = {}
        self._like: dict[object, str] = {}

    def place(self, path: str) -> Place:
        """What an entry there may do: it has a say elsewhere, too (`keep`), or only there.

        `single`: an untouched guest or storage in a pool. `below`: below a touched path. `away`:
        nothing, entries there do not matter.
        """
        if path not in self._known:
            self._known[path] = self._place(path)
        return self._known[path]

    def _place(self, path: str) -> Place:
        if path in self.members and path not in self.touched and self._paths.is_leaf(path):
            return "single"
        if path in self.keep:
            return "keep"
        return "below" if self.is_below(path) else "away"

    def like(self, path: str, entries: Iterable[str]) -> str:
        """Always the same one of all untouched guests (or storages) that differ in nothing but
        their own entries; `entries`: the other paths with entries of whoever is asked about.
        """
        return self._like.setdefault(kind_of(self._paths.family(path), entries), path)

    def is_below(self, path: str) -> bool:
        """Does a touched path lie above it?"""
        return not self.touched.isdisjoint(self._paths.above(path))
