"""Privileges by way of the index: for groups, too, and with entries that are not there yet.

`core.permissions` is PVE's own computation, for users and API tokens of one configuration. To ask
it about another configuration takes a new engine, and with twenty thousand entries that takes
long. A view answers the same (reference 3.2, 3.3) from an index of which only a few levels are
replaced. A group is answered for as somebody would be who is in no other.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from pve_auth_tui.core.accessdata import ADMINISTRATOR, NO_ACCESS, ROOT, SubjectKind
from pve_auth_tui.core.aclindex import AclIndex, Ranks, acl_index, privileges_of
from pve_auth_tui.core.pathtree import member_paths
from pve_auth_tui.core.userconfig import AclEntry, UserConfig

_NONE: frozenset[str] = frozenset()
_Levels: TypeAlias = dict[str, Mapping[str, tuple[AclEntry, ...]]]
_Entries: TypeAlias = dict[str, tuple[AclEntry, ...]]
_Names: TypeAlias = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AclView:
    """Users, groups, roles and pools of `config` with the entries of `index`.

    The two may differ in their entries (`with_changes`): `config.acl` is not looked at.
    """

    config: UserConfig
    index: AclIndex

    def privileges(self, kind: SubjectKind, subject: str, path: str) -> frozenset[str]:
        """What a userid, a full token id or a group holds on a path, pools included."""
        if kind == "token":
            return self._of_token(subject, path)
        if kind == "user" and subject == ROOT:
            role = self.config.roles.get(ADMINISTRATOR)
            return role.privs if role else _NONE
        ranks = self.index.ranks(kind, subject)
        return self.with_pools(ranks, path, self.index.counting(ranks, path))

    def own(self, entry: AclEntry) -> tuple[AclEntry, ...]:
        """The entries of the entry's subject on its path, itself among them."""
        return self.index.levels.get(entry.path, {}).get(entry.shown_subject, ())

    def above(self, entry: AclEntry) -> tuple[AclEntry, ...]:
        """The entries further up that would count for the entry's subject on its path."""
        return self.index.further_up(self.index.ranks(entry.kind, entry.subject), entry.path)

    def with_pools(self, ranks: Ranks, path: str, entries: Sequence[AclEntry]) -> frozenset[str]:
        """The privileges of these entries on the path, and what its pools add to them.

        NoAccess on the path wins over pools, NoAccess on a pool over everything.
        """
        pools = self.index.pools_of.get(path)
        if not pools:
            return privileges_of(self.config, entries)
        if blocked(entries):
            return _NONE
        added = [self.index.counting(ranks, f"/pool/{pool}") for pool in pools]
        return privileges_of(self.config, [*entries, *(one for some in added for one in some)])

    def pools_block(self, ranks: Ranks, path: str) -> bool:
        """Does NoAccess on a pool take everything away on this member of it?"""
        pools = self.index.pools_of.get(path, ())
        return any(blocked(self.index.counting(ranks, f"/pool/{pool}")) for pool in pools)

    def is_administrator(self, userid: str) -> bool:
        """All privileges there are, from / down (`Permissions.is_administrator`)."""
        role = self.config.roles.get(ADMINISTRATOR)
        entries = self.index.on_path(self.index.ranks("user", userid), "/")
        if userid == ROOT:
            return True
        if role is None or blocked(entries):
            return False
        passed_on = [entry for entry in entries if entry.propagate]
        return role.privs <= privileges_of(self.config, passed_on)

    def is_separated(self, tokenid: str) -> bool:
        """Is there such an API token, with rights of its own?"""
        userid, _, name = tokenid.rpartition("!")
        user = self.config.users.get(userid)
        token = user.tokens.get(name) if user else None
        return token is not None and token.privsep

    def _of_token(self, tokenid: str, path: str) -> frozenset[str]:
        userid, _, name = tokenid.rpartition("!")
        user = self.config.users.get(userid)
        if user is None or name not in user.tokens:
            return _NONE
        limit = self.privileges("user", userid, path)
        if not user.tokens[name].privsep:
            return limit
        ranks = self.index.ranks("token", tokenid)
        held = self.with_pools(ranks, path, self.index.counting(ranks, path))
        return held if userid == ROOT else held & limit


def view_of(config: UserConfig) -> AclView:
    """The view of a configuration as it is."""
    return AclView(config, acl_index(config))


def with_changes(
    view: AclView,
    added: Collection[AclEntry],
    removed: Collection[AclEntry],
    config: UserConfig | None = None,
) -> AclView:
    """The view once entries have been made and others have gone.

    An added entry takes the place of one with the same path, subject and role. `config` is what
    users, groups, roles and pools are like then; they stay as they are without. Who is an
    administrator, as `index.administrators` has it, stays as it was in any case.
    """
    index, then = view.index, config or view.config
    gone = {_name(entry) for entry in (*removed, *added)}
    levels: dict[str, dict[str, tuple[AclEntry, ...]]] = {}
    by_subject: _Entries = {}
    for entry in (*removed, *added):
        subject = entry.shown_subject
        level = levels.setdefault(entry.path, dict(index.levels.get(entry.path, {})))
        level[subject] = _left(index.levels.get(entry.path, {}).get(subject, ()), gone)
        by_subject[subject] = _left(index.by_subject.get(subject, ()), gone)
    for entry in added:
        subject = entry.shown_subject
        levels[entry.path][subject] = (*levels[entry.path][subject], entry)
        by_subject[subject] = (*by_subject[subject], entry)
    known: _Levels = {
        path: {who: own for who, own in of.items() if own} for path, of in levels.items()
    }
    same_pools = then.pools is view.config.pools
    return AclView(
        then,
        replace(
            index,
            levels=ChainMap(known, cast(_Levels, index.levels)),
            by_subject=ChainMap(by_subject, cast(_Entries, index.by_subject)),
            groups_of={**index.groups_of, **_new_groups(view, then, added)},
            pools_of=index.pools_of if same_pools else _pools_of(then),
        ),
    )


def blocked(entries: Iterable[AclEntry]) -> bool:
    """Is NoAccess among them, which leaves nothing?"""
    return any(entry.role == NO_ACCESS for entry in entries)


def _new_groups(view: AclView, then: UserConfig, added: Iterable[AclEntry]) -> _Names:
    """The index knows groups with entries only: here are the members of those that get a first,
    and whoever joins or leaves one that has some.
    """
    old, new = view.config.groups, then.groups
    found: _Names = {}
    names = {entry.subject for entry in added if entry.kind == "group"}
    names = {name for name in names if f"@{name}" not in view.index.by_subject}
    if old is not new:
        names |= {name for name in new.keys() | old.keys() if old.get(name) is not new.get(name)}
    for name in sorted(names):
        shown = f"@{name}"
        was, now = (set(of[name].members) if name in of else set() for of in (old, new))
        for member in was | now:
            known = found.get(member) or view.index.groups_of.get(member, ())
            if shown in known:
                known = tuple(group for group in known if group != shown)
            found[member] = (*known, shown) if member in now else known
    return found


def _pools_of(config: UserConfig) -> dict[str, tuple[str, ...]]:
    """Path of a member -> ids of its pools (`AclIndex.pools_of`)."""
    found: dict[str, tuple[str, ...]] = {}
    for pool in config.pools.values():
        for path in member_paths(pool):
            found[path] = (*found.get(path, ()), pool.id)
    return found


def _name(entry: AclEntry) -> tuple[str, str, str, str]:
    return entry.path, entry.kind, entry.subject, entry.role


def _left(
    entries: Iterable[AclEntry], gone: Collection[tuple[str, str, str, str]]
) -> tuple[AclEntry, ...]:
    return tuple(entry for entry in entries if _name(entry) not in gone)
