"""Privileges by category, each in a few words, and two sets of them side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core import versions
from pve_auth_tui.core.why.verbs import VERBS, said

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "VM": ("VM",),
    "Datastore": ("Datastore",),
    "Sys": ("Sys",),
    "SDN": ("SDN",),
    "Mapping": ("Mapping",),
    "Pool": ("Pool",),
    "Users": ("User", "Group", "Realm"),
    "Permissions": ("Permissions",),
}
"""Category -> what the names of its privileges begin with. Nearly those of PVE's own tables
(`core.versions`), where Permissions.Modify is in none."""

_THINGS: Final[Mapping[str, str]] = {
    "VM": "a guest",
    "Datastore": "a storage",
    "Sys": "a node",
    "SDN": "a zone",
    "Mapping": "a mapping",
    "Pool": "a pool",
    "Realm": "a realm",
    "Permissions": "what is there",
}


class Difference(NamedTuple):
    """What two sets have of a category, each in the order of names."""

    category: str
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    both: tuple[str, ...]


def category_of(privilege: str) -> str:
    """A key of CATEGORIES; for a name that no PVE knows its first part."""
    first = privilege.partition(".")[0]
    return next((name for name, firsts in CATEGORIES.items() if first in firsts), first)


def by_category(privs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The privileges of each category, sorted; categories without any are missing."""
    found: dict[str, list[str]] = {}
    for privilege in sorted(privs):
        found.setdefault(category_of(privilege), []).append(privilege)
    order = [*CATEGORIES, *sorted(found.keys() - CATEGORIES.keys())]
    return {name: tuple(found[name]) for name in order if name in found}


def meaning(privilege: str) -> str:
    """What it allows, in a few words: `start and stop a guest`; "" for one that nobody knows."""
    thing = _THINGS.get(privilege.partition(".")[0], "it")
    words = [said(verb.words, thing) for verb in VERBS if verb.privilege == privilege]
    return "; ".join(words)


def strangers(privs: Iterable[str], release: str) -> tuple[str, ...]:
    """Those that a version of libpve-access-control does not know."""
    return tuple(sorted(set(privs) - versions.privileges(release)))


def differences(one: Collection[str], other: Collection[str]) -> tuple[Difference, ...]:
    """Category by category; those that neither has are missing."""
    first, second = frozenset(one), frozenset(other)
    return tuple(
        Difference(
            category,
            tuple(name for name in names if name not in second),
            tuple(name for name in names if name not in first),
            tuple(name for name in names if name in first and name in second),
        )
        for category, names in by_category(first | second).items()
    )
