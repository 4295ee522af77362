"""user.cfg while it is being changed: what PVE would find in it after it has written it.

PVE reads the whole file, changes it and writes all of it. So the first change also has the
effects that any write has (reference 10): what PVE does not write is gone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from operator import is_not
from typing import Final, TypeAlias

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import (
    ROOT,
    AclEntry,
    Group,
    Pool,
    Role,
    SubjectKind,
    User,
    UserConfig,
)
from pve_auth_tui.core.names import is_userid
from pve_auth_tui.core.pathtree import tree_order
from pve_auth_tui.core.perltext import decode_text, encode_text, split_list, truthy
from pve_auth_tui.core.predict.refusal import missing
from pve_auth_tui.core.predict.table import Table

Subject: TypeAlias = tuple[SubjectKind, str]
Grant: TypeAlias = tuple[SubjectKind, str, str]
"""Kind of subject, subject, role."""

_Name: TypeAlias = tuple[str, SubjectKind, str, str]
"""Of an entry: path, kind of subject, subject, role."""

_ROOT: Final[Subject] = ("user", ROOT)


def stored(text: str | None) -> str | None:
    """A text field as it comes back from the file: without blanks around it, None for none."""
    if text is None or not truthy(text):
        return None
    text = decode_text(encode_text(text)).strip(" ")
    return text if truthy(text) else None


class AccessDraft:
    """`write()` comes before every change; the tables may be read at any time."""

    def __init__(self, config: UserConfig, release: str) -> None:
        self._config = config
        self._release = release
        self._groups_of = Table(config.groups_of)
        self._acl = config.acl
        self._gone: set[Subject] = set()
        self._gone_roles: set[str] = set()
        self._changes: dict[_Name, AclEntry | None] = {}  # None: it goes
        self._written = False
        self.users = Table(config.users)
        self.groups = Table(config.groups)
        self.roles = Table(config.roles)
        self.pools = Table(config.pools)

    def result(self) -> UserConfig:
        """What the file says now; the very same object when nothing was written."""
        if not self._written:
            return self._config
        return replace(
            self._config,
            users=self.users.now,
            groups=self.groups.now,
            roles=self.roles.now,
            pools=self.pools.now,
            acl=self.acl,
            groups_of=self._groups_of.now,
        )

    def write(self) -> None:
        """PVE writes the file, with what that means for things that nobody asked to change."""
        if self._written:
            return
        self._written = True
        root = self.users.get(ROOT)
        if root is not None and root.implied:
            self.put_user(root)
        self._gone.add(_ROOT)
        self._restore_built_in_roles()
        self._lose_what_was_dropped()
        self._list_all_memberships()

    def _restore_built_in_roles(self) -> None:
        """A line that adds privileges to a built-in role is not written again."""
        known = versions.privileges(self._release)
        special = [role for role in self.roles.now.values() if role.special]
        if all(role.privs <= known for role in special):
            own = versions.builtin_roles(self._release)
            for role in special:
                if (privs := own.get(role.id, role.privs)) != role.privs:
                    self.roles.put(role.id, replace(role, privs=privs))

    def _lose_what_was_dropped(self) -> None:
        """What PVE did not know when it read a role is not in what it writes."""
        for role in [role for role in self.roles.now.values() if role.dropped]:
            self.roles.put(role.id, replace(role, dropped=frozenset()))

    def _list_all_memberships(self) -> None:
        """Users come before groups in what PVE writes, so no membership is overlooked."""
        listed = sum(len(group.members) for group in self.groups.now.values())
        if listed == sum(map(len, self._groups_of.now.values())):
            return
        found: dict[str, list[str]] = {}
        for name, group in sorted(self.groups.now.items()):
            for member in group.members:
                if member in self.users:
                    found.setdefault(member, []).append(name)
        for userid, names in found.items():
            self._groups_of.put(userid, tuple(names))

    # --- users ---

    def user(self, userid: str) -> User:
        """The user. Raises Refusal when there is none."""
        if userid not in self.users:
            raise missing(f"The user {userid} does not exist.")
        return self.users[userid]

    def put_user(self, user: User) -> None:
        """A user in place of the one who was there, as the line in the file has it."""
        comment = stored(user.comment)
        keys = user.keys if truthy(user.keys) else None
        email = (user.email or "").strip(" ") if truthy(user.email) else ""
        written = replace(
            user,
            firstname=stored(user.firstname),
            lastname=stored(user.lastname),
            email=email if email or comment or keys else None,
            comment=comment,
            keys=keys,
            implied=False,
        )
        self.users.put(user.id, written)

    def add_user(self, user: User) -> None:
        """A new one; groups that list the name have it as a member at once."""
        self.put_user(user)
        if names := [one.id for one in self.groups.now.values() if user.id in one.members]:
            self._groups_of.put(user.id, tuple(sorted(names)))

    def drop_user(self, userid: str) -> None:
        """With groups, API tokens and all their ACL entries; root@pam comes back at once."""
        self.leave_groups(userid)
        self.forget("user", userid)
        for name in self.users[userid].tokens if userid in self.users else ():
            self.forget("token", f"{userid}!{name}")
        self.users.drop(userid)
        if userid == ROOT:
            self.users.put(ROOT, User(ROOT, implied=True))

    def sync_users(
        self, gone: Collection[str], users: Iterable[User], *, entry: bool, acl: bool
    ) -> None:
        """Thousands at once. Who is gone loses the record (`entry`) and the ACL entries (`acl`).

        Unlike where somebody is removed, groups go on listing the name, and second factors stay.
        """
        for userid in gone:
            if entry:
                for name in self.users[userid].tokens:
                    self.forget("token", f"{userid}!{name}")
                self.users.drop(userid)
                if userid == ROOT:
                    self.users.put(ROOT, User(ROOT, implied=True))
            if acl:
                self.forget("user", userid)
        for user in users:
            if self.users.get(user.id) is not user:
                self.put_user(user)
        self._list_anew()

    def sync_groups(
        self, gone: Collection[str], groups: Iterable[Group], *, entry: bool, acl: bool
    ) -> None:
        """The same for groups, with their members."""
        for name in gone:
            if entry:
                self.groups.drop(name)
            if acl:
                self.forget("group", name)
        for group in groups:
            self.groups.put(group.id, replace(group, comment=stored(group.comment)))
        self._list_anew()

    def _list_anew(self) -> None:
        """Who is in which group, as it will be read."""
        found: dict[str, list[str]] = {}
        for name, group in sorted(self.groups.now.items()):
            for member in group.members:
                if member in self.users:
                    found.setdefault(member, []).append(name)
        for userid in [known for known in self._groups_of if known not in found]:
            self._groups_of.drop(userid)
        for userid, names in found.items():
            self._groups_of.put(userid, tuple(names))

    def require_groups(self, names: Iterable[str]) -> None:
        """Raises Refusal for those that do not exist."""
        lacking = [name for name in names if name not in self.groups]
        if lacking:
            raise missing(*(f"The group {name} does not exist." for name in lacking))

    def join_groups(self, userid: str, names: Iterable[str]) -> None:
        """In the file commas stand between the members: one in a name makes several of it."""
        for member in split_list(userid):
            if is_userid(member):
                self._join(member, tuple(names))

    def _join(self, userid: str, wanted: Sequence[str]) -> None:
        for name in wanted:
            group = self.groups[name]
            members = group.members  # thousands at times: they are sorted already
            at = bisect_left(members, userid)
            if members[at : at + 1] != (userid,):
                joined = (*members[:at], userid, *members[at:])
                self.groups.put(name, replace(group, members=joined))
        if wanted and userid in self.users:
            self._groups_of.put(userid, tuple(sorted({*self._of(userid), *wanted})))

    def leave_groups(self, userid: str) -> None:
        """Once the file was written, it is known of a user in which groups it is."""
        known = self._written and userid in self._config.users
        for name in self._of(userid) if known else list(self.groups):
            group = self.groups[name]
            at = bisect_left(group.members, userid)
            if group.members[at : at + 1] == (userid,):
                members = (*group.members[:at], *group.members[at + 1 :])
                self.groups.put(name, replace(group, members=members))
        self._groups_of.drop(userid)

    def _of(self, userid: str) -> tuple[str, ...]:
        return self._groups_of.get(userid) or ()

    # --- groups and roles ---

    def put_group(self, name: str, comment: str | None) -> None:
        members = self.groups[name].members if name in self.groups else ()
        self.groups.put(name, Group(name, members, stored(comment)))

    def drop_group(self, name: str) -> None:
        """Its ACL entries go with it."""
        for member in self.groups[name].members:
            left = tuple(other for other in self._of(member) if other != name)
            if left:
                self._groups_of.put(member, left)
            else:
                self._groups_of.drop(member)
        self.groups.drop(name)
        self.forget("group", name)

    def put_role(self, name: str, privs: Iterable[str]) -> None:
        known = versions.privileges(self._release)
        self.roles.put(name, Role(name, frozenset(privs) & known))

    def drop_role(self, name: str) -> None:
        """Its ACL lines stay in the file, and PVE leaves them out when it reads it."""
        self.roles.drop(name)
        if self._changes:
            self._change()
        self._gone_roles.add(name)

    def put_pool(self, pool: Pool) -> None:
        vms, storage = tuple(sorted(set(pool.vms))), tuple(sorted(set(pool.storage)))
        self.pools.put(
            pool.id, replace(pool, vms=vms, storage=storage, comment=stored(pool.comment))
        )

    # --- ACL ---

    @property
    def acl(self) -> tuple[AclEntry, ...]:
        """All entries that are left, in the order of the path tree."""
        if self._gone or self._gone_roles:
            self._sweep()
        if self._changes:
            self._change()
        return self._acl

    def forget(self, kind: SubjectKind, subject: str) -> None:
        """Whoever it was, ACL entries for them go."""
        if self._changes:
            self._change()
        self._gone.add((kind, subject))

    def _sweep(self) -> None:
        """One walk for all that is gone by now: plans delete hundreds at once."""
        entries = self._acl
        subjects = {subject for _, subject in self._gone}
        kept = [
            entry
            for entry in entries
            if (entry.subject not in subjects or (entry.kind, entry.subject) not in self._gone)
            and entry.role not in self._gone_roles
        ]
        self._acl = entries if len(kept) == len(entries) else tuple(kept)
        self._gone.clear()
        self._gone_roles.clear()

    def _change(self) -> None:
        """One walk for all that was granted and revoked by now: plans do that on many paths."""
        changes, self._changes = self._changes, {}
        paths = {path for path, *_ in changes}
        entries: list[AclEntry] = []
        for entry in self._acl:
            if entry.path not in paths or (name := (entry.path, *_grant(entry))) not in changes:
                entries.append(entry)
            elif (now := changes.pop(name)) is not None:
                entries.append(entry if entry.propagate == now.propagate else now)
        for new in changes.values():
            if new is not None:
                entries.insert(bisect_right(entries, _order(new), key=_order), new)
        if len(entries) != len(self._acl) or any(map(is_not, entries, self._acl)):
            self._acl = tuple(entries)

    def grant(self, path: str, grants: Iterable[Grant], *, propagate: bool) -> None:
        """Entries on a path; one that is there gets the new `propagate`."""
        if self._gone or self._gone_roles:
            self._sweep()
        for grant in grants:
            self._changes[(path, *grant)] = AclEntry(path, *grant, propagate)

    def revoke(self, path: str, grants: Collection[Grant]) -> None:
        """Entries on a path that go; those that are not there do not matter."""
        if self._gone or self._gone_roles:
            self._sweep()
        self._changes |= {(path, *grant): None for grant in grants}

    def drop_paths(self, path: str) -> None:
        """All entries on a path and below it."""
        below = f"{path}/"
        entries = self.acl
        kept = [e for e in entries if e.path != path and not e.path.startswith(below)]
        self._acl = entries if len(kept) == len(entries) else tuple(kept)


def _grant(entry: AclEntry) -> Grant:
    return entry.kind, entry.subject, entry.role


def _order(entry: AclEntry) -> tuple[str, str, str, str]:
    return tree_order(entry.path), entry.kind, entry.subject, entry.role
