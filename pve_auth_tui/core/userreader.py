"""PVE's reading of user.cfg, line by line (PVE::AccessControl::parse_user_config).

It goes through the file once: a name must be known before a later line can use it.
"""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core import names, versions
from pve_auth_tui.core.accessdata import (
    ROOT,
    AclEntry,
    Group,
    Pool,
    Role,
    SubjectKind,
    Token,
    User,
    UserConfig,
)
from pve_auth_tui.core.pathtree import tree_order, tree_path
from pve_auth_tui.core.perltext import (
    FALSE,
    decode_text,
    is_number,
    number,
    shown_number,
    split_list,
    truthy,
)

_EMAIL = 6  # its place among the fields
# Each role of an ACL line goes with each of its subjects. A file as large as pmxcfs takes (1 MiB)
# could ask for billions; one that people made asks for some thousands.
_MOST_ENTRIES = 400_000

_Subject = tuple[SubjectKind, str]


class Reader:
    """What has been read so far; one method per kind of line, called with its fields."""

    def __init__(self, release: str) -> None:
        self.warnings: list[str] = []
        self.tokens: dict[str, dict[str, Token]] = {ROOT: {}}
        self.users: dict[str, User] = {ROOT: User(ROOT, tokens=self.tokens[ROOT], implied=True)}
        self.groups_of: dict[str, list[str]] = {}
        self.members: dict[str, set[str]] = {}
        self.group_comments: dict[str, str] = {}
        self.known_privs = versions.privileges(release)
        self.special = versions.builtin_roles(release)
        self.roles = {name: set(privs) for name, privs in self.special.items()}
        self.dropped: dict[str, set[str]] = {}
        self.vms: dict[str, set[int]] = {}
        self.storage: dict[str, set[str]] = {}
        self.pool_comments: dict[str, str] = {}
        self.pool_of: dict[int, str] = {}
        self.entries = 0
        self.acl: dict[tuple[str, SubjectKind, str, str], bool] = {}

    def read(self, line: str, fields: list[str]) -> None:
        """One line; its fields come without blanks, and with empty ones at the end."""
        kind = fields[0]
        if kind == "acl":
            self._acl(*fields[1:5])
        elif kind == "user":
            self._user(fields, with_email=line.rstrip(":").count(":") >= _EMAIL)
        elif kind == "token":
            self._token(*fields[1:5])
        elif kind == "group":
            self._group(*fields[1:4])
        elif kind == "pool":
            self._pool(*fields[1:5])
        elif kind == "role":
            self._role(*fields[1:3])
        else:
            self._warn(f"ignore config line: {line}")

    def _warn(self, text: str) -> None:
        self.warnings.append(f"user config - {text}")

    def _user(self, fields: Sequence[str], *, with_email: bool) -> None:
        _, userid, enable, expire, firstname, lastname, email, comment, keys = fields[:9]
        if not names.is_userid(userid):
            return self._warn(f"ignore user '{userid}' - invalid user name")
        until = _seconds(expire)
        if until is None:
            return self._warn(f"ignore user '{userid}' - (illegal characters in expire '{expire}')")
        # A second line for a user replaces the first, with its tokens and memberships.
        tokens = self.tokens[userid] = {}
        self.groups_of.pop(userid, None)
        self.users[userid] = User(
            userid,
            enable not in FALSE,
            until,
            _text(firstname),
            _text(lastname),
            email if with_email else None,
            _text(comment),
            None if keys in FALSE else keys,
            tokens,
        )

    def _token(self, tokenid: str, expire: str, privsep: str, comment: str) -> None:
        parts = names.split_tokenid(tokenid)
        if parts is None:
            return self._warn(f"ignore invalid tokenid '{tokenid}'")
        until = _seconds(expire)
        if until is None:
            return self._warn(
                f"ignore token '{tokenid}' - (illegal characters in expire '{expire}')"
            )
        userid, name = parts
        tokens = self.tokens.get(userid)
        if tokens is None:
            return self._warn(f"ignore token '{tokenid}' - user does not exist")
        text = _text(comment)
        if text is None and name in tokens:
            text = tokens[name].comment
        tokens[name] = Token(name, until, privsep not in FALSE, text)

    def _group(self, group: str, members: str, comment: str) -> None:
        if not names.is_group(group):
            return self._warn(f"ignore group '{group}' - invalid characters in group name")
        listed = self.members.setdefault(group, set())
        if truthy(comment):
            self.group_comments[group] = decode_text(comment)
        for member in split_list(members):
            if member in self.users:
                self.groups_of.setdefault(member, []).append(group)
            else:
                self._warn(f"ignore invalid group member '{member}'")
                if not names.is_userid(member):
                    continue
            listed.add(member)

    def _role(self, role: str, privs: str) -> None:
        if not names.is_role(role):
            return self._warn(f"ignore role '{role}' - invalid characters in role name")
        granted = self.roles.setdefault(role, set())
        for priv in split_list(privs):
            if priv in self.known_privs:
                granted.add(priv)
            else:
                self._warn(f"ignore invalid privilege '{priv}'")
                self.dropped.setdefault(role, set()).add(priv)

    def _pool(self, pool: str, comment: str, vms: str, storages: str) -> None:
        if not names.is_pool(pool):
            return self._warn(f"ignore pool '{pool}' - invalid characters in pool name")
        level = pool
        while level:
            self.vms.setdefault(level, set())
            level = level.rpartition("/")[0]
        if truthy(comment):
            self.pool_comments[pool] = decode_text(comment)
        for vmid in split_list(vms):
            if not is_number(vmid):
                self._warn(f"ignore invalid vmid '{vmid}' in pool '{pool}'")
                continue
            guest = number(vmid)
            if guest in self.pool_of:
                self._warn(f"ignore duplicate vmid '{shown_number(guest)}' in pool '{pool}'")
                continue
            self.vms[pool].add(guest)
            self.pool_of[guest] = pool
        for storage in split_list(storages):
            if names.is_storage(storage):
                self.storage.setdefault(pool, set()).add(storage)
            else:
                self._warn(f"ignore invalid storage '{storage}' in pool '{pool}'")

    def _acl(self, propagate: str, path: str, subjects: str, roles: str) -> None:
        node = names.tree_path(path)
        if node is None:
            return self._warn(f"ignore invalid path in acl '{path}'")
        order, inherited = tree_order(node), propagate not in FALSE
        items, wanted = split_list(subjects), split_list(roles)
        self.entries += len(items) * len(wanted)
        if self.entries > _MOST_ENTRIES:
            return self._warn(f"ignore acl on '{path}' - more entries than pve-auth-tui can take")
        for role in wanted:
            if role not in self.roles:
                self._warn(
                    f"ignore invalid acl role '{role}'"
                    if names.is_role(role)
                    else f"ignore invalid role name '{role}' in acl"
                )
                continue
            for item in items:
                if subject := self._subject(item):
                    self.acl[order, *subject, role] = inherited

    def _subject(self, item: str) -> _Subject | None:
        """Whom an ACL line means. Unknown users and groups keep their entry, tokens do not."""
        if item in self.users:
            return "user", item
        group = item[1:]
        if item.startswith("@") and names.is_group(group):
            if group not in self.members:
                self._warn(f"ignore invalid acl group '{group}'")
            return "group", group
        if names.is_userid(item):
            self._warn(f"ignore invalid acl member '{item}'")
            return "user", item
        userid, _, token = item.rpartition("!")
        if token in self.tokens.get(userid, {}):
            return "token", item
        self._warn(f"ignore invalid acl token '{item}'")
        return None

    def result(self) -> UserConfig:
        """What all lines that were read make together."""
        acl = (
            AclEntry(tree_path(order), kind, subject, role, self.acl[order, kind, subject, role])
            for order, kind, subject, role in sorted(self.acl)
        )
        return UserConfig(
            users=self.users,
            groups={
                group: Group(group, tuple(sorted(members)), self.group_comments.get(group))
                for group, members in self.members.items()
            },
            roles={
                role: Role(
                    role,
                    frozenset(privs),
                    role in self.special,
                    frozenset(self.dropped.get(role, ())),
                )
                for role, privs in self.roles.items()
            },
            pools={
                pool: Pool(
                    pool,
                    tuple(sorted(vms)),
                    tuple(sorted(self.storage.get(pool, ()))),
                    self.pool_comments.get(pool),
                )
                for pool, vms in self.vms.items()
            },
            acl=tuple(acl),
            groups_of={
                userid: tuple(sorted(set(groups))) for userid, groups in self.groups_of.items()
            },
            warnings=tuple(self.warnings),
        )


def _seconds(expire: str) -> int | None:
    """A time of expiry; None when it is not a number."""
    if expire in FALSE:
        return 0
    return number(expire) if is_number(expire) else None


def _text(field: str) -> str | None:
    return None if field in FALSE else decode_text(field)
