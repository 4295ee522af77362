"""PVE's API answers read back: users, groups, roles, ACL, pools and second factors.

The other way round than `core.answers`, into what the parsers of the files make. Realms, jobs
and what stands around them: `core.fromapimore`. All raise Unreadable, and nothing else, for
an answer that PVE never gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args

from pve_auth_tui.core import names
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
from pve_auth_tui.core.apishape import (
    Fields,
    fields,
    flag,
    number,
    optional_text,
    rows,
    strange,
    text,
    words,
)
from pve_auth_tui.core.pathtree import tree_order
from pve_auth_tui.core.tfaconfig import LISTED, TfaConfig, TfaEntry, TfaType, UserTfa

_KINDS: Final = get_args(SubjectKind)


def user_config(
    users: Any, groups: Any, roles: Any, acl: Any, pools: Mapping[str, Pool]
) -> UserConfig:
    """GET /access/users with `full`, /access/groups, /access/roles and /access/acl together.

    The answers are from different moments and hold what the caller may see: a group that only
    a user's line names is there with these users, an ACL entry with an unknown role is left
    out, as PVE itself does.
    """
    found_users, groups_of = _users(users)
    found_roles = _roles(roles)
    return UserConfig(
        users=found_users,
        groups=_groups(groups, groups_of),
        roles=found_roles,
        pools=_with_parents(pools),
        acl=_acl(acl, found_roles),
        groups_of=groups_of,
    )


def _users(answer: Any) -> tuple[dict[str, User], dict[str, tuple[str, ...]]]:
    users: dict[str, User] = {}
    groups_of: dict[str, tuple[str, ...]] = {}
    for row in rows(answer, "users"):
        userid = _userid(row, "userid", "users")
        users[userid] = User(
            userid,
            flag(row, "enable", "users", missing=True),
            number(row, "expire", "users") or 0,
            optional_text(row, "firstname", "users"),
            optional_text(row, "lastname", "users"),
            optional_text(row, "email", "users"),
            optional_text(row, "comment", "users"),
            optional_text(row, "keys", "users"),
            _tokens(row.get("tokens")),
            implied=userid == ROOT and "expire" not in row,
        )
        if groups := words(row.get("groups"), "users: groups"):
            groups_of[userid] = tuple(_group(group, "users") for group in groups)
    return users, groups_of


def _tokens(answer: Any) -> dict[str, Token]:
    """A list in the answer for all users, by id in that for one."""
    if isinstance(answer, dict):
        answer = [{**fields(row, "tokens"), "tokenid": name} for name, row in answer.items()]
    tokens: dict[str, Token] = {}
    for row in rows(answer, "tokens"):
        name = text(row, "tokenid", "tokens")
        if names.split_tokenid(f"{ROOT}!{name}") is None:
            raise strange("tokens: tokenid")
        tokens[name] = Token(
            name,
            number(row, "expire", "tokens") or 0,
            flag(row, "privsep", "tokens", missing=True),
            optional_text(row, "comment", "tokens"),
        )
    return tokens


def _groups(answer: Any, groups_of: Mapping[str, Sequence[str]]) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for row in rows(answer, "groups"):
        name = _group(text(row, "groupid", "groups"), "groups")
        members = words(row.get("users"), "groups: users")
        if not all(map(names.is_userid, members)):
            raise strange("groups: users")
        groups[name] = Group(name, members, optional_text(row, "comment", "groups"))
    hidden: dict[str, list[str]] = {}
    for userid, of in groups_of.items():
        for name in of:
            if name not in groups:
                hidden.setdefault(name, []).append(userid)
    return groups | {name: Group(name, tuple(sorted(who))) for name, who in hidden.items()}


def _roles(answer: Any) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for row in rows(answer, "roles"):
        name = _group(text(row, "roleid", "roles"), "roles")
        privileges = frozenset(words(row.get("privs"), "roles: privs"))
        roles[name] = Role(name, privileges, flag(row, "special", "roles"))
    return roles


def _acl(answer: Any, roles: Mapping[str, Role]) -> tuple[AclEntry, ...]:
    found: dict[tuple[str, str, str, str], AclEntry] = {}
    for row in rows(answer, "acl"):
        path = names.tree_path(text(row, "path", "acl"))
        kind = text(row, "type", "acl")
        subject, role = text(row, "ugid", "acl"), text(row, "roleid", "acl")
        if path is None or kind not in _KINDS or not _is_subject(kind, subject):
            raise strange("acl: path, type or ugid")
        if role in roles:
            propagate = flag(row, "propagate", "acl", missing=True)
            entry = AclEntry(path, cast(SubjectKind, kind), subject, role, propagate)
            found[tree_order(path), kind, subject, role] = entry
    return tuple(found[key] for key in sorted(found))


def _is_subject(kind: str, subject: str) -> bool:
    if kind == "token":
        return names.split_tokenid(subject) is not None
    return names.is_userid(subject) if kind == "user" else names.is_group(subject)


def pool_list(answer: Any) -> dict[str, Pool]:
    """GET /pools: all pools, their members left out."""
    pools = {}
    for row in rows(answer, "pools"):
        name = text(row, "poolid", "pools")
        if not names.is_pool(name):
            raise strange("pools: poolid")
        pools[name] = Pool(name, comment=optional_text(row, "comment", "pools"))
    return pools


def pool(answer: Any, pool: Pool) -> Pool:
    """GET /pools with `poolid`: the same pool with its members.

    PVE leaves out members that are no guest or storage of the cluster (PVE::API2::Pool).
    """
    found = rows(answer, "pool")
    if len(found) != 1:
        raise strange("pool: not one")
    vms, storage = set(), set()
    for member in rows(found[0].get("members"), "pool: members"):
        kind = text(member, "type", "pool")
        if kind == "storage":
            storage.add(text(member, "storage", "pool"))
        elif (vmid := number(member, "vmid", "pool")) is not None:
            vms.add(vmid)
    if not all(map(names.is_storage, storage)):
        raise strange("pool: storage")
    comment = optional_text(found[0], "comment", "pool")
    return Pool(pool.id, tuple(sorted(vms)), tuple(sorted(storage)), comment)


def _with_parents(pools: Mapping[str, Pool]) -> dict[str, Pool]:
    """A nested pool's parents always exist, even where the caller may not see them."""
    found = dict(pools)
    for name in pools:
        level = name.rpartition("/")[0]
        while level:
            found.setdefault(level, Pool(level))
            level = level.rpartition("/")[0]
    return found


def tfa_config(answer: Any) -> TfaConfig:
    """GET /access/tfa: users sorted, their entries in PVE's order.

    It tells neither what an entry consists of nor how many recovery keys are left (`data`,
    `unused` and `total` are None). An entry of a kind that nobody knew is a warning.
    """
    users: dict[str, UserTfa] = {}
    warnings: list[str] = []
    for row in rows(answer, "tfa"):
        userid = _userid(row, "userid", "tfa")
        listed = rows(row.get("entries"), "tfa: entries")
        known = [entry for entry in listed if text(entry, "type", "tfa") in LISTED]
        if len(known) < len(listed):
            warnings.append(f"second factors of a new kind of user '{userid}' are left out")
        users[userid] = UserTfa(
            userid,
            tuple(map(_factor, known)),
            flag(row, "totp-locked", "tfa"),
            number(row, "tfa-locked-until", "tfa", signed=True),
        )
    return TfaConfig({userid: users[userid] for userid in sorted(users)}, tuple(warnings))


def _factor(row: Fields) -> TfaEntry:
    return TfaEntry(
        text(row, "id", "tfa"),
        cast(TfaType, text(row, "type", "tfa")),
        optional_text(row, "description", "tfa") or "",
        number(row, "created", "tfa", signed=True) or 0,
        flag(row, "enable", "tfa", missing=True),
    )


def _userid(row: Fields, name: str, what: str) -> str:
    userid = text(row, name, what)
    # proxmox-tfa's own check lets a line feed pass at the end
    if not names.is_userid(userid.removesuffix("\n") if what == "tfa" else userid):
        raise strange(f"{what}: {name}")
    return userid


def _group(name: str, what: str) -> str:
    """A group's or a role's name; both have the same form."""
    if not names.is_group(name):
        raise strange(f"{what}: a name")
    return name
