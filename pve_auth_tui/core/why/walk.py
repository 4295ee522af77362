"""The entries on the way to a path, in the order in which PVE looks, and what each comes to.

The rules are those of `core.permissions` (reference 3.2), told entry by entry: from / down each
level that gives something replaces what came from above; on a level the subject's own entries
come before its groups'; NoAccess takes all others away; pools add their roles on their members.
`core.permissions` answers what somebody may do; here stands what every entry has to do with it,
and tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pve_auth_tui.core.accessdata import NO_ACCESS, AclEntry, UserConfig
from pve_auth_tui.core.aclindex import AclIndex, acl_index
from pve_auth_tui.core.grants import Flags, Grant, Grants
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.permissions import way
from pve_auth_tui.core.why.explanation import Step

DECIDES = "this decides"
REPLACED = "replaced further down"
OWN_FIRST = "an own entry comes first"
NOT_PASSED_ON = "not propagated"
NO_ACCESS_WINS = "NoAccess wins"


@dataclass(frozen=True, slots=True)
class Reached:
    """An entry on the way. `why`: what becomes of it, in a few words.

    `winner`: it is one of those that PVE takes on its level.
    """

    entry: AclEntry
    winner: bool
    why: str


@dataclass(frozen=True, slots=True)
class Way:
    """What lies on the way to one path, pools left aside.

    `deciding`: the entries that give the roles there, or the NoAccess ones that take them away.
    `replaced`: winners of levels further up. `grant`: what it comes to.
    """

    path: str
    reached: tuple[Reached, ...]
    deciding: tuple[AclEntry, ...]
    replaced: tuple[AclEntry, ...]
    grant: Grant

    @property
    def denied(self) -> bool:
        """NoAccess is what is left."""
        return NO_ACCESS in self.grant.roles

    def hidden(self) -> tuple[AclEntry, ...]:
        """Group entries that stand beside those that decide, and that own ones hide."""
        here = self.deciding[0].path if self.deciding else ""
        return tuple(
            one.entry for one in self.reached if one.entry.path == here and one.why == OWN_FIRST
        )

    def kept_back(self) -> tuple[AclEntry, ...]:
        """Entries further up that are not passed on."""
        return tuple(one.entry for one in self.reached if one.why == NOT_PASSED_ON)

    def keeps_out(self) -> bool:
        """Is there an entry that would count if one of those that decide were gone?"""
        return any(
            one.entry not in self.deciding and one.why != NOT_PASSED_ON for one in self.reached
        )


@dataclass(frozen=True, slots=True)
class Walk:
    """Everything that PVE looks at for one subject and path: the way, and those of its pools.

    `pools`: pool id and the way to `/pool/<id>`, of every pool that has the path as a member.
    """

    main: Way
    pools: tuple[tuple[str, Way], ...]
    grant: Grant
    steps: tuple[Step, ...]

    @property
    def denying_pools(self) -> tuple[tuple[str, Way], ...]:
        """Pools whose NoAccess is what is left on the path."""
        if self.main.denied:
            return ()
        return tuple((pool, found) for pool, found in self.pools if found.denied)

    @property
    def adding_pools(self) -> tuple[tuple[str, Way], ...]:
        """Pools whose roles are added on the path."""
        if self.main.denied or self.denying_pools:
            return ()
        return tuple((pool, found) for pool, found in self.pools if found.grant.roles)


@remembered
def grants_of(config: UserConfig) -> Grants:
    """The sets of roles of a configuration."""
    return Grants(config.roles)


def walk(config: UserConfig, who: str, path: str) -> Walk:
    """`who`: a userid, or the full id of a token with privilege separation; not root@pam."""
    index, grants = acl_index(config), grants_of(config)
    main = _way(config, index, grants, who, path)
    pools = tuple(
        (pool, _way(config, index, grants, who, pool_path(pool)))
        for pool in index.pools_of.get(path, ())
    )
    adding = [found.grant for _, found in pools if found.grant.roles]
    grant = grants.with_pools(main.grant, adding) if adding else main.grant
    found = Walk(main, pools, grant, ())
    return Walk(main, pools, grant, tuple(_steps(config, who, found)))


def on_the_way(config: UserConfig, subjects: Sequence[str], path: str) -> list[AclEntry]:
    """All entries of subjects, as entries show them, on the path and above."""
    levels = acl_index(config).levels
    return [
        entry
        for place in dict(way(path))
        for subject in subjects
        for entry in levels.get(place, {}).get(subject, ())
    ]


def _way(config: UserConfig, index: AclIndex, grants: Grants, who: str, path: str) -> Way:
    groups = sorted(index.groups_of.get(who, ()))
    seen: list[tuple[AclEntry, bool, bool]] = []  # entry, on the path itself, winner of its level
    for place, final in dict(way(path)).items():  # `//` passes the same level twice
        level = index.levels.get(place)
        if level is None:
            continue
        own = level.get(who, ())
        of_groups = [entry for group in groups for entry in level.get(group, ())]
        taken = False
        for rank in (own, of_groups):
            counts = [final or entry.propagate for entry in rank]
            seen.extend(
                (entry, final, good and not taken) for entry, good in zip(rank, counts, strict=True)
            )
            taken = taken or any(counts)
    winners = [entry for entry, _, winner in seen if winner]
    last = winners[-1].path if winners else ""
    here = [entry for entry in winners if entry.path == last]
    denying = [entry for entry in here if entry.role == NO_ACCESS]
    deciding = tuple(denying or here)
    reached = tuple(
        Reached(entry, winner, _why(entry, final, winner, last, deciding))
        for entry, final, winner in seen
    )
    grant = grants.of({entry.role: entry.propagate for entry in here})
    replaced = tuple(entry for entry in winners if entry.path != last)
    return Way(path, reached, deciding, replaced, grant)


def _why(
    entry: AclEntry, final: bool, winner: bool, last: str, deciding: tuple[AclEntry, ...]
) -> str:
    if not winner:
        return NOT_PASSED_ON if not (final or entry.propagate) else OWN_FIRST
    if entry.path != last:
        return REPLACED
    if entry not in deciding:
        return NO_ACCESS_WINS
    if entry is deciding[0]:
        return DECIDES
    return f"merged with {_other(entry, deciding[0])}"


def _other(entry: AclEntry, first: AclEntry) -> str:
    """Who else is in it: another role of the same subject is named by its role."""
    return first.role if entry.subject == first.subject else first.shown_subject


# --- as steps --------------------------------------------------------------------------------


def _steps(config: UserConfig, who: str, found: Walk) -> Iterator[Step]:
    grants = grants_of(config)
    result: Flags = grants.nothing.privs
    main, denying = found.main, found.denying_pools
    if not main.reached:
        yield Step("none", main.path, who, "", False, "no entry on the way", result)
    for one, result in _results(grants, main):
        entry, why = one.entry, one.why
        counts = entry in main.deciding
        if counts and denying:
            counts, why = False, f"NoAccess on pool {denying[0][0]} wins"
        elif counts and entry.role not in config.roles:
            why = f"{why}: there is no such role"
        yield Step(entry.kind, entry.path, entry.shown_subject, entry.role, counts, why, result)
    if not found.pools:
        if what := _member(main.path):
            yield Step(
                "pool", "/pool", f"none has {what}", "", False, "one would add roles", result
            )
        return
    yield from _pool_steps(grants, found)


def _results(grants: Grants, main: Way) -> Iterator[tuple[Reached, Flags]]:
    """Each entry on the way with what is held after it."""
    result: Flags = grants.nothing.privs
    level, roles = "", dict[str, bool]()
    for one in main.reached:
        if one.winner:
            if one.entry.path != level:
                level, roles = one.entry.path, {}
            roles[one.entry.role] = one.entry.propagate
            result = grants.of(roles).privs
        yield one, result


def _pool_steps(grants: Grants, found: Walk) -> Iterator[Step]:
    main = found.main
    told = {one.entry for one in main.reached}
    before: list[Grant] = []
    result = main.grant.privs
    for pool, pool_way in found.pools:
        if not pool_way.grant.roles:
            text = "no entry reaches the pool"
            yield Step("pool", pool_path(pool), f"pool {pool}", "", False, text, result)
        for one, own in _grants_on(grants, pool_way):
            entry = one.entry
            if entry not in pool_way.deciding:
                if entry not in told:
                    shown = entry.shown_subject
                    yield Step("pool", entry.path, shown, entry.role, False, one.why, result)
                continue
            if entry in main.deciding:
                continue  # the same entry, inherited by both
            counts, why = _in_pool(found, pool, pool_way, entry)
            result = grants.with_pools(main.grant, [*before, own]).privs
            yield Step("pool", entry.path, entry.shown_subject, entry.role, counts, why, result)
        if pool_way.grant.roles:
            before.append(pool_way.grant)
            result = grants.with_pools(main.grant, before).privs


def _grants_on(grants: Grants, found: Way) -> Iterator[tuple[Reached, Grant]]:
    """Each entry on a pool's way with what is held on the pool after it."""
    roles: dict[str, bool] = {}
    for one in found.reached:
        if one.entry in found.deciding:
            roles[one.entry.role] = False  # what a pool gives does not propagate
        yield one, grants.of(roles)


def _in_pool(found: Walk, pool: str, pool_way: Way, entry: AclEntry) -> tuple[bool, str]:
    """Whether an entry that decides on the pool counts on the member, and why."""
    if found.main.denied:
        return False, "NoAccess on the path wins over the pool"
    if pool_way.denied:
        return True, f"NoAccess on pool {pool} wins"
    if found.denying_pools:
        return False, f"NoAccess on pool {found.denying_pools[0][0]} wins"
    if entry.role not in found.main.grant.roles:
        return True, f"pool {pool} adds it"
    if pool_way.keeps_out():
        return True, f"decides on pool {pool}, held here already"
    return False, "held here already"


def _member(path: str) -> str:
    """`VM 100`, `storage local`: what can be in a pool; "" for all other paths."""
    for start, what in (("/vms/", "guest"), ("/storage/", "storage")):
        name = path.removeprefix(start)
        if name != path and name and "/" not in name:
            return f"{what} {name}"
    return ""
