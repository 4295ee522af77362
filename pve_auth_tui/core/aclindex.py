"""The ACL turned round: by path, by subject, by pool member; and who is an administrator.

`core.permissions` answers what one user or token may do. The lists look at all entries at
once, and at groups, which are no subject PVE would answer for: for them the rule of
reference 3.2 stands here once more, for a subject taken alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pve_auth_tui.core.accessdata import NO_ACCESS, ROOT
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.pathtree import member_paths
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.userconfig import AclEntry, SubjectKind, UserConfig

Ranks = Sequence[Sequence[str]]
"""Subjects as ACL entries show them, in the order in which PVE looks for them on a path."""


@dataclass(frozen=True, slots=True)
class AclIndex:
    """`levels`: path -> shown subject -> its entries there. `by_subject`: all its entries.

    `groups_of`: userid -> those of its groups that have entries, as entries show them.
    `pools_of`: `/vms/100` or `/storage/local` -> ids of the pools that have it as a member.
    `pools_below`: `/pool/<id>` -> ids of that pool and of those nested in it.
    `administrators`: userids, disabled and expired ones included, root@pam always.
    """

    levels: Mapping[str, Mapping[str, tuple[AclEntry, ...]]]
    by_subject: Mapping[str, tuple[AclEntry, ...]]
    groups_of: Mapping[str, tuple[str, ...]]
    pools_of: Mapping[str, tuple[str, ...]]
    pools_below: Mapping[str, tuple[str, ...]]
    administrators: frozenset[str]

    def ranks(self, kind: SubjectKind, subject: str) -> Ranks:
        """A user is looked for first, then the groups it is in; groups and tokens alone."""
        if kind == "user":
            return ((subject,), self.groups_of.get(subject, ()))
        return ((f"@{subject}" if kind == "group" else subject,),)

    def entries_of(self, userid: str) -> list[AclEntry]:
        """A user's own entries, then those of its groups."""
        subjects = (userid, *self.groups_of.get(userid, ()))
        return [entry for subject in subjects for entry in self.by_subject.get(subject, ())]

    def has_rights(self, userid: str) -> bool:
        """Is there any entry, of its own or of a group, that gives the user something?"""
        if userid == ROOT:
            return True
        subjects = (userid, *self.groups_of.get(userid, ()))
        return any(
            entry.role != NO_ACCESS
            for subject in subjects
            for entry in self.by_subject.get(subject, ())
        )

    def further_up(self, ranks: Ranks, path: str) -> tuple[AclEntry, ...]:
        """The entries above `path` that reach it: those of the nearest path that has any."""
        for above in parents(path):
            if level := self.levels.get(above):
                for rank in ranks:
                    found = [
                        entry
                        for subject in rank
                        if subject in level
                        for entry in level[subject]
                        if entry.propagate
                    ]
                    if found:
                        return tuple(found)
        return ()

    def on_path(self, ranks: Ranks, path: str) -> tuple[AclEntry, ...]:
        """The entries on `path` itself that count: of the first rank that has any."""
        level = self.levels.get(path, {})
        for rank in ranks:
            found = [entry for subject in rank for entry in level.get(subject, ())]
            if found:
                return tuple(found)
        return ()

    def counting(self, ranks: Ranks, path: str) -> tuple[AclEntry, ...]:
        """The entries that give the roles on `path`; pools left aside."""
        return self.on_path(ranks, path) or self.further_up(ranks, path)


@remembered
def acl_index(config: UserConfig) -> AclIndex:
    """The index of a configuration; made once for each (`core.memo`)."""
    levels: dict[str, dict[str, tuple[AclEntry, ...]]] = {}
    by_subject: dict[str, list[AclEntry]] = {}
    for entry in config.acl:
        subject = entry.shown_subject
        level = levels.setdefault(entry.path, {})
        level[subject] = (*level.get(subject, ()), entry)
        by_subject.setdefault(subject, []).append(entry)
    pools_of: dict[str, tuple[str, ...]] = {}
    pools_below: dict[str, tuple[str, ...]] = {}
    for pool in config.pools.values():
        above = f"/pool/{pool.id}"
        while above != "/pool":
            pools_below[above] = (*pools_below.get(above, ()), pool.id)
            above = above.rpartition("/")[0]
        for path in member_paths(pool):
            pools_of[path] = (*pools_of.get(path, ()), pool.id)
    return AclIndex(
        levels,
        {subject: tuple(entries) for subject, entries in by_subject.items()},
        _groups_of(config, by_subject),
        pools_of,
        pools_below,
        _administrators(config, levels.get("/", {})),
    )


permissions_of = remembered(Permissions)
"""The permission engine of a configuration, built once."""


@lru_cache(maxsize=4096)
def parents(path: str) -> tuple[str, ...]:
    """/vms and / for /vms/100: the nearest first."""
    found = []
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        found.append(path)
    return tuple(found)


def privileges_of(config: UserConfig, entries: Iterable[AclEntry]) -> frozenset[str]:
    """What the entries' roles allow together; NoAccess among them leaves nothing."""
    privileges: frozenset[str] = frozenset()
    for entry in entries:
        if entry.role == NO_ACCESS:
            return frozenset()
        if role := config.roles.get(entry.role):
            privileges = privileges | role.privs if privileges else role.privs
    return privileges


def _groups_of(config: UserConfig, subjects: Collection[str]) -> dict[str, tuple[str, ...]]:
    """From the groups' side: `UserConfig.groups_of` may lack what permissions go by."""
    found: dict[str, list[str]] = {}
    for group in config.groups.values():
        shown = f"@{group.id}"
        if shown in subjects:
            for member in group.members:
                found.setdefault(member, []).append(shown)
    return {userid: tuple(groups) for userid, groups in found.items()}


def _administrators(config: UserConfig, top: Mapping[str, tuple[AclEntry, ...]]) -> frozenset[str]:
    """Asks the engine, but only about those who have Permissions.Modify on / from anywhere."""
    strong = {role.id for role in config.roles.values() if "Permissions.Modify" in role.privs}
    asked: set[str] = set()
    for entries in top.values():
        for entry in entries:
            if entry.role not in strong or not entry.propagate:
                continue
            if entry.kind == "user" and entry.subject in config.users:
                asked.add(entry.subject)
            elif entry.kind == "group" and entry.subject in config.groups:
                members = config.groups[entry.subject].members
                asked.update(member for member in members if member in config.users)
    engine = permissions_of(config)
    return frozenset({ROOT, *(userid for userid in asked if engine.is_administrator(userid))})
