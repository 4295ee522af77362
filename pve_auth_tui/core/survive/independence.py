"""How many ways in are independent of one another.

Two ways in are independent if they belong to two people and none of the eight troubles takes both.
A trouble takes a way in unless its cell says yes: what is not known is not relied on. The number of
independent ways in is the size of the largest set of them in which any two are independent. So with
three of them whatever happens, one trouble or one person who cannot be found, two are left.

The person stands for the account, its password and whatever that person carries: root@pam and the
console count as one, because both ask for root's password. Ways in that cannot be told to work
today count for nothing.

The largest such set is found exactly. Of each person at most one way in is in it. One that no
trouble takes is always in it: put in place of another one of that person it is in nobody's way. The
others take at least one of eight troubles each, no two the same, so there are eight of them at
most, and for each set of troubles that are taken it is enough to know the most ways in that need no
more than those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pve_auth_tui.core.survive.cell import Cell
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.way import Way

Judged = tuple[Way, Mapping[Threat, Cell]]
"""A way in with its cells."""


def taken_by(cells: Mapping[Threat, Cell]) -> frozenset[Threat]:
    """The troubles that a way in may not survive."""
    return frozenset(threat for threat, found in cells.items() if found.word != "yes")


def independent(judged: Iterable[Judged]) -> tuple[Way, ...]:
    """A largest set of independent ways in, in the order they were given in."""
    given = [(way, cells) for way, cells in judged if way.certainty != "unknown"]
    people: dict[str, dict[frozenset[Threat], Way]] = {}
    for way, cells in given:
        people.setdefault(way.person, {}).setdefault(taken_by(cells), way)
    free = [mine[frozenset()] for mine in people.values() if frozenset() in mine]
    chosen = {id(way) for way in (*free, *_packed(list(people.values())))}
    return tuple(way for way, _ in given if id(way) in chosen)


def _packed(people: Sequence[Mapping[frozenset[Threat], Way]]) -> tuple[Way, ...]:
    """The most ways in, one a person, no two of which fall to the same trouble."""
    best: dict[frozenset[Threat], tuple[Way, ...]] = {frozenset(): ()}
    alike: Counter[frozenset[frozenset[Threat]]] = Counter()
    for mine in people:
        kind = frozenset(mine)
        alike[kind] += 1
        if frozenset() in mine or alike[kind] > len(Threat):  # no more than that can be of use
            continue
        for taken, chosen in list(best.items()):
            for falls, way in mine.items():
                both = taken | falls
                if not taken & falls and len(best.get(both, ())) <= len(chosen):
                    best[both] = (*chosen, way)
    return max(best.values(), key=len)
