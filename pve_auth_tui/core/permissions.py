"""Who may do what on which path: PVE's own computation (reference 3.2, 3.3).

Sources: PVE::AccessControl::roles, PVE::RPCEnvironment (permissions, compile_acl_path,
get_effective_permissions). Where PVE's answer hangs on the order of a Perl hash (the same
role on a path through two groups, propagating and not), the group that sorts last counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Literal

from pve_auth_tui.core import names
from pve_auth_tui.core.accessdata import (
    ADMINISTRATOR,
    NO_ACCESS,
    ROOT,
    AclEntry,
    SubjectKind,
    UserConfig,
)
from pve_auth_tui.core.grants import Flags, Grant, Grants
from pve_auth_tui.core.pathtree import PathTree, member_paths, path_tree, pool_path
from pve_auth_tui.core.perltext import truthy

_Entries = Mapping[str, Sequence[AclEntry]]


@dataclass(frozen=True, slots=True)
class Decision:
    """Why somebody has these roles on a path.

    `path` is the level whose entries count, None when there is none; `entries` are those
    entries, only the NoAccess ones where there are such. `pools` are the pools that add
    roles, or take all away. `owner` is the decision for the user of a token with
    privilege separation: what the token may do is what both may do.
    """

    path: str | None
    kind: Literal["user", "group", "token", "none", "root"]
    entries: tuple[AclEntry, ...] = ()
    pools: tuple[str, ...] = ()
    owner: Decision | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    """What one path of the ACL tree gives a subject: the path itself and what lies below it.

    None: nothing, what comes from above stays.
    """

    here: Grant | None
    below: Grant | None


class Permissions:
    """Answers about one configuration; what they need is indexed when first asked for.

    A subject is a userid or a full token id. PVE answers for users that do not exist, if
    an entry or a group names them; for unknown tokens and impossible names with nothing.
    """

    def __init__(self, config: UserConfig) -> None:
        self._config = config
        self._grants = Grants(config.roles)
        self._levels: dict[str, Mapping[str, _Level]] = {}

    def privileges(self, subject: str, path: str) -> Flags:
        """Privilege -> propagates, on one path.

        The path is taken as it is: PVE's API does not normalise it either.
        """
        who = self._who(subject)
        if who is None:
            return self._grants.nothing.privs
        grant = self._on(who, path)
        owner = self._limit(who)
        return grant.privs if owner is None else self._grants.cut(self._on(owner, path), grant)

    def roles(self, subject: str, path: str) -> Flags:
        """Role -> propagates, on one path; of a token with privilege separation its own."""
        who = self._who(subject)
        return self._grants.nothing.roles if who is None else self._on(who, path).roles

    def all_paths(self, subject: str) -> dict[str, Flags]:
        """Path -> privileges, for all paths that PVE lists and where there is any privilege.

        These are the top paths, every node of the ACL tree, and the members of pools.
        """
        who = self._who(subject)
        if who is None:
            return {}
        grants = self._everywhere(who)
        owner = self._limit(who)
        if owner is None:
            found: Iterable[Flags] = [grant.privs for grant in grants]
        else:
            pairs = list(zip(self._everywhere(owner), grants, strict=True))
            cuts = {pair: self._grants.cut(*pair) for pair in set(pairs)}
            found = map(cuts.__getitem__, pairs)
        listed = compress(zip(self._tree.paths, found, strict=True), self._tree.listed)
        return {path: privs for path, privs in listed if privs}

    def answer(self, subject: str, path: str | None = None) -> dict[str, dict[str, int]]:
        """The JSON of GET /access/permissions with this userid and path."""
        if path is None or not truthy(path):
            found = self.all_paths(subject)
        else:
            found = {path: self.privileges(subject, path)}
        shown = {id(privs): privs for privs in found.values()}
        numbers = {key: {p: int(on) for p, on in privs.items()} for key, privs in shown.items()}
        return {path: numbers[id(privs)] for path, privs in found.items()}

    def decision(self, subject: str, path: str) -> Decision:
        """Which entries make the roles on a path."""
        who = self._who(subject)
        if who is None:
            return Decision(None, "none")
        if who == ROOT:
            return Decision(None, "root")
        owner = self._limit(who)
        why = None if owner is None else self.decision(owner, path)
        pools = tuple(pool for pool, _ in self._pools(who, path))
        if NO_ACCESS in self._walk(who, path).roles:
            pools = ()
        for level, final in reversed(list(way(path))):
            for kind, entries in self._ranks(who, level):
                count = [entry for entry in entries if final or entry.propagate]
                if count:
                    denied = tuple(entry for entry in count if entry.role == NO_ACCESS)
                    return Decision(level, kind, denied or tuple(count), pools, why)
        return Decision(None, "none", (), pools, why)

    def is_administrator(self, subject: str) -> bool:
        """Whether somebody is as good as root@pam: all privileges there are, from / down."""
        held = self.privileges(subject, "/")
        role = self._config.roles.get(ADMINISTRATOR)
        return role is not None and all(held.get(priv) for priv in role.privs)

    # Whose entries count.

    def _who(self, subject: str) -> str | None:
        """The subject whose ACL entries count: a token without separation is its user."""
        parts = names.split_tokenid(subject)
        if parts is None:
            return subject if names.is_userid(subject) else None
        userid, name = parts
        user = self._config.users.get(userid)
        token = user.tokens.get(name) if user else None
        if token is None:
            return None
        return subject if token.privsep else userid

    def _limit(self, who: str) -> str | None:
        """The user whose privileges limit a token's, if any; root's limit nothing."""
        parts = names.split_tokenid(who)
        return parts[0] if parts and parts[0] != ROOT else None

    # One path.

    def _on(self, who: str, path: str) -> Grant:
        if who == ROOT:
            return self._grants.of({ADMINISTRATOR: True})
        grant = self._walk(who, path)
        pools = [found for _, found in self._pools(who, path)]
        return self._grants.with_pools(grant, pools) if pools else grant

    def _walk(self, who: str, path: str) -> Grant:
        """From / down: each level that gives something replaces what came from above."""
        levels = self._levels_of(who)
        grant = self._grants.nothing
        for place, final in way(path):
            if level := levels.get(place):
                grant = (level.here if final else level.below) or grant
        return grant

    def _pools(self, who: str, path: str) -> Iterator[tuple[str, Grant]]:
        """Pools of a member path where there are roles, with those."""
        for pool in self._pools_of.get(path, ()):
            grant = self._walk(who, pool_path(pool))
            if grant.roles:
                yield pool, grant

    # All paths.

    def _everywhere(self, who: str) -> list[Grant]:
        """The grant on every path of the tree, in its order."""
        tree = self._tree
        if who == ROOT:
            return [self._grants.of({ADMINISTRATOR: True})] * len(tree.paths)
        found = [self._grants.nothing] * len(tree.paths)
        levels = self._levels_of(who)
        for start, level in sorted((tree.place[path], level) for path, level in levels.items()):
            if level.below:
                end = tree.end(start)
                found[start:end] = [level.below] * (end - start)
            if level.here:
                found[start] = level.here
        for pools, members in tree.members.items():
            added = [found[pool] for pool in pools if found[pool].roles]
            if added:
                held = {found[member] for member in members}
                both = {grant: self._grants.with_pools(grant, added) for grant in held}
                for member in members:
                    found[member] = both[found[member]]
        return found

    # Indexes.

    def _levels_of(self, who: str) -> Mapping[str, _Level]:
        """Path -> what it gives to a subject."""
        if who not in self._levels:
            ranks: dict[str, list[Sequence[AclEntry]]] = {}
            for entries in self._entries_of(who):
                here: dict[str, list[AclEntry]] = {}
                for entry in entries:
                    here.setdefault(entry.path, []).append(entry)
                for path, found in here.items():
                    ranks.setdefault(path, []).append(found)
            self._levels[who] = {path: self._level(found) for path, found in ranks.items()}
        return self._levels[who]

    def _level(self, ranks: Sequence[Sequence[AclEntry]]) -> _Level:
        here = below = None
        for entries in ranks:
            here = here or self._grants.of({entry.role: entry.propagate for entry in entries})
            passed_on = {entry.role: True for entry in entries if entry.propagate}
            if passed_on and below is None:
                below = self._grants.of(passed_on)
        return _Level(here, below)

    def _ranks(self, who: str, path: str) -> Iterator[tuple[SubjectKind, list[AclEntry]]]:
        """A subject's entries on one path, the kind that PVE looks for first at the front."""
        for entries in self._entries_of(who):
            here = [entry for entry in entries if entry.path == path]
            if here:
                yield here[0].kind, here

    def _entries_of(self, who: str) -> tuple[Sequence[AclEntry], Sequence[AclEntry]]:
        """All entries of a subject itself, and those of its groups."""
        own, groups = self._by_subject
        mine = sorted(self._groups_of.get(who, ()))
        return own.get(who, ()), [entry for group in mine for entry in groups[group]]

    @cached_property
    def _by_subject(self) -> tuple[_Entries, _Entries]:
        """Entries by user or token, which cannot be mistaken for each other, and by group."""
        own: dict[str, list[AclEntry]] = {}
        groups: dict[str, list[AclEntry]] = {}
        for entry in self._config.acl:
            kind = groups if entry.kind == "group" else own
            kind.setdefault(entry.subject, []).append(entry)
        return own, groups

    @cached_property
    def _groups_of(self) -> Mapping[str, Sequence[str]]:
        """The groups with entries that list somebody, whether that user exists or not."""
        groups: dict[str, list[str]] = {}
        for group in self._by_subject[1]:
            if group in self._config.groups:
                for member in self._config.groups[group].members:
                    groups.setdefault(member, []).append(group)
        return groups

    @cached_property
    def _pools_of(self) -> Mapping[str, Sequence[str]]:
        """Path of a guest or storage -> its pools."""
        pools: dict[str, list[str]] = {}
        for pool in self._config.pools.values():
            for path in member_paths(pool):
                pools.setdefault(path, []).append(pool.id)
        return pools

    @cached_property
    def _tree(self) -> PathTree:
        return path_tree(self._config, self._pools_of)


def way(path: str) -> Iterator[tuple[str, bool]]:
    """The nodes that PVE passes on the way to a path, and whether it is the last one.

    A path without a leading `/` never passes the root; `//` passes nothing at all.
    """
    parts = [""] if path == "/" else path.rstrip("/").split("/")
    if parts == [""] and path != "/":
        return
    node = ""
    for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
        if part:
            node = f"{node}/{part}"
        yield node or "/", left == 0
