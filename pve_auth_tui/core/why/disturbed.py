"""Whose ACL entries a change touches, and on which paths: nobody else's rights can change.

Rights come from entries, groups, roles, pools and from being there at all (reference 3.2, 3.3).
What differs between two pictures is found by `core.objects`; here it is brought to the users and
API tokens whose entries begin, cease, or mean something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pve_auth_tui.core.accessdata import ADMINISTRATOR, ROOT, AclEntry, Token, UserConfig
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.objects import Key, acl_parts
from pve_auth_tui.core.pathtree import member_paths, pool_path
from pve_auth_tui.core.permissions import way


@dataclass(frozen=True, slots=True)
class Entries:
    """The ACL entries of a configuration by user or token, and by group.

    `groups_of`: userid -> sorted ids of its groups that have entries.
    """

    config: UserConfig
    own: Mapping[str, Sequence[AclEntry]]
    groups: Mapping[str, Sequence[AclEntry]]
    groups_of: Mapping[str, Sequence[str]]

    def of_groups(self, subject: str) -> list[AclEntry]:
        """Those of a user's groups, in the order in which PVE's answer is worked out."""
        mine = self.groups_of.get(subject, ())
        return [entry for group in mine for entry in self.groups[group]]

    def paths(self, subject: str) -> Iterator[str]:
        """Where a user or token has entries, of its own or of its groups."""
        for entry in (*self.own.get(subject, ()), *self.of_groups(subject)):
            yield entry.path

    def token(self, subject: str) -> Token | None:
        """The token of a full token id, if it exists."""
        parts = split_tokenid(subject)
        user = self.config.users.get(parts[0]) if parts else None
        return user.tokens.get(parts[1]) if user and parts else None

    def exists(self, subject: str) -> bool:
        """Is it a user or token?"""
        return subject in self.config.users or self.token(subject) is not None


def entries_of(config: UserConfig) -> Entries:
    """The entries of a configuration; entries for groups that do not exist count for nobody."""
    own: dict[str, list[AclEntry]] = {}
    groups: dict[str, list[AclEntry]] = {}
    for entry in config.acl:
        kind = groups if entry.kind == "group" else own
        kind.setdefault(entry.subject, []).append(entry)
    groups_of: dict[str, list[str]] = {}
    for group in sorted(groups):
        if group in config.groups:
            for member in config.groups[group].members:
                groups_of.setdefault(member, []).append(group)
    return Entries(config, own, groups, groups_of)


@dataclass(frozen=True, slots=True)
class Disturbed:
    """`places`: user or token -> paths on which its own or its groups' entries changed; none
    where only members of pools did. `wholly`: who came, went or changed its kind, so that
    all its entries count anew.
    """

    places: Mapping[str, set[str]]
    wholly: frozenset[str]


def disturbed(keys: Iterable[Key], old: Entries, new: Entries) -> Disturbed:
    """`keys`: the objects that differ (`objects.differing`)."""
    found = _Search(old, new)
    for key in keys:
        found.look_at(key)
    return Disturbed(found.places, frozenset(found.wholly))


class _Search:
    def __init__(self, old: Entries, new: Entries) -> None:
        self._old = old
        self._new = new
        self.places: dict[str, set[str]] = {}
        self.wholly: set[str] = set()

    def look_at(self, key: Key) -> None:
        match key.kind:
            case "acl":
                kind, subject, _ = acl_parts(key)
                self._entry(kind == "group", subject, key.name)
            case "role":
                self._role(key.name)
            case "group":
                self._group(key.name)
            case "user":
                self._user(key.name)
            case "token":
                self._token(key.name)
            case "pool":
                self._pool(key.name)

    def _entry(self, is_group: bool, subject: str, path: str) -> None:
        if not is_group:
            self.places.setdefault(subject, set()).add(path)
            return
        for member in self._members(subject):
            self.places.setdefault(member, set()).add(path)

    def _members(self, name: str) -> set[str]:
        groups = (side.config.groups.get(name) for side in (self._old, self._new))
        return {member for group in groups if group for member in group.members}

    def _role(self, role: str) -> None:
        if role == ADMINISTRATOR:  # root@pam has it without an entry
            self.places.setdefault(ROOT, set()).add("/")
        for side in (self._old, self._new):
            for entry in side.config.acl:
                if entry.role == role:
                    self._entry(entry.kind == "group", entry.subject, entry.path)

    def _group(self, name: str) -> None:
        groups = (side.config.groups.get(name) for side in (self._old, self._new))
        old, new = (set(group.members) if group else set[str]() for group in groups)
        paths = {
            entry.path for side in (self._old, self._new) for entry in side.groups.get(name, ())
        }
        for member in old ^ new if paths else ():
            self.places.setdefault(member, set()).update(paths)

    def _user(self, userid: str) -> None:
        users = [side.config.users.get(userid) for side in (self._old, self._new)]
        if all(users):
            return
        self.wholly.add(userid)
        for user in users:
            self.wholly.update(f"{userid}!{name}" for name in (user.tokens if user else ()))

    def _token(self, subject: str) -> None:
        old, new = self._old.token(subject), self._new.token(subject)
        if old is None or new is None or old.privsep != new.privsep:
            self.wholly.add(subject)

    def _pool(self, name: str) -> None:
        """Who has something on the pool may have it on its members."""
        pools = (side.config.pools.get(name) for side in (self._old, self._new))
        old, new = (set(member_paths(pool)) if pool else set[str]() for pool in pools)
        if old == new:
            return
        levels = {level for level, _ in way(pool_path(name))}
        for side in (self._old, self._new):
            for entry in side.config.acl:
                if entry.path in levels:
                    people = (
                        self._members(entry.subject) if entry.kind == "group" else {entry.subject}
                    )
                    for subject in people:
                        self.places.setdefault(subject, set())
