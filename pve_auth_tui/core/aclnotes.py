"""What is worth knowing about an ACL entry: the Note column.

GHOST     names a user, group or token that does not exist: whoever gets that name, by hand
          or by a sync, gets the rights.
UNUSED    never counts: it is for root@pam, who may do everything anyway, or for a token
          without privilege separation, which has its user's rights.
IS ROOT   its subject can make itself root (security R30c), although the role is not
          Administrator on /, which says so itself. See `root_way`.
BLOCKS    NoAccess: on its path it wins over every other role of its subject.
CAPPED    a token's entry with privileges that the token's user does not have there, so that
          the token does not have them either.
POOL      as REPLACES, but a pool adds everything back (reference 3.2).
REPLACES  takes something away: its subject has privileges from further up that the entries
          on this path do not give.
HIDDEN    a group's entry which does not count for at least one member, because the member
          has an entry of its own on the same path.

REPLACES and POOL look at the entry's subject alone: a user with its groups, a group as if
somebody were in no other. All of it is worked out for all entries at once, each from the
paths above its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from pve_auth_tui.core.accessdata import ADMINISTRATOR, NO_ACCESS, ROOT
from pve_auth_tui.core.aclindex import AclIndex, acl_index, permissions_of, privileges_of
from pve_auth_tui.core.may import place_of
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.userconfig import AclEntry, UserConfig

GHOST = "GHOST"
UNUSED = "UNUSED"
IS_ROOT = "IS ROOT"
BLOCKS = "BLOCKS"
CAPPED = "CAPPED"
POOL = "POOL"
REPLACES = "REPLACES"
HIDDEN = "HIDDEN"

ROOT_WAYS = (
    ("/access/groups", "User.Modify"),  # makes a token of root@pam, with all its rights
    ("/access/realm", "Realm.Allocate"),  # points a realm at a server of its own
    ("/access", "Sys.Modify"),  # changes what its own role allows
    ("/", "Permissions.Modify"),  # gives itself any role
    ("/access", "Permissions.Modify"),
    ("/access/groups", "Permissions.Modify"),
    ("/access/realm", "Permissions.Modify"),
)
"""(path, privilege): whoever has it there can make itself root."""
ROOT_PRIVILEGES = frozenset(privilege for _, privilege in ROOT_WAYS)
_GROUP_PATH = "/access/groups/"


@remembered
def notes(config: UserConfig) -> Mapping[AclEntry, tuple[str, ...]]:
    """The notes of every entry that has any, the most important first."""
    index = acl_index(config)
    hidden = _hidden(config, index)
    noted: dict[AclEntry, tuple[str, ...]] = {}
    for entry in config.acl:
        found = _notes(config, index, entry, entry in hidden)
        if found:
            noted[entry] = found
    return noted


def is_ghost(config: UserConfig, entry: AclEntry) -> bool:
    """Does the entry name somebody who does not exist?"""
    if entry.kind == "group":
        return entry.subject not in config.groups
    userid, _, token = _split(entry)
    user = config.users.get(userid)
    return user is None or (entry.kind == "token" and token not in user.tokens)


def root_way(config: UserConfig, entry: AclEntry) -> str:
    """`User.Modify on /access/groups` if the entry lets its subject make itself root, or empty.

    The ways: User.Modify on /access/groups, or on the group of an administrator (tokens of
    its members, root@pam's included); Realm.Allocate on /access/realm (an own server for a
    realm); Sys.Modify on /access (the privileges of its own role); Permissions.Modify on /
    or on these paths. A token gets only what its user has, too.
    """
    if entry.role in (ADMINISTRATOR, NO_ACCESS) and entry.path == "/":
        return ""
    role = config.roles.get(entry.role)
    if role is None or place_of(entry.path) not in ("", "access"):
        return ""
    index = acl_index(config)
    for path, privilege in ROOT_WAYS:
        if privilege in role.privs and _has_there(config, index, entry, path, privilege):
            return f"{privilege} on {path}"
    if entry.path.startswith(_GROUP_PATH) and "User.Modify" in role.privs:
        group = config.groups.get(entry.path.removeprefix(_GROUP_PATH))
        if group and not index.administrators.isdisjoint(group.members):
            return f"User.Modify on {entry.path}, which has administrators"
    return ""


@remembered
def self_made_roots(config: UserConfig) -> Mapping[str, str]:
    """Who can make itself root, and how: userids (members of groups, too) and full token ids.

    Administrators and those who do not exist are left out.
    """
    index = acl_index(config)
    found: dict[str, str] = {}
    for path, level in index.levels.items():
        if place_of(path) not in ("", "access"):
            continue
        for entries in level.values():
            for entry in entries:
                if not is_ghost(config, entry) and (way := root_way(config, entry)):
                    for subject in _meant(config, entry):
                        if subject not in index.administrators:
                            found.setdefault(subject, way)
    return found


def missing_for_token(config: UserConfig, entry: AclEntry) -> frozenset[str]:
    """Privileges of a token's entry which the token's user does not have on that path."""
    role = config.roles.get(entry.role)
    if role is None:
        return frozenset()
    return role.privs.difference(_of_user(config, _split(entry)[0], entry.path))


def lost(config: UserConfig, entry: AclEntry) -> frozenset[str]:
    """Privileges from further up that the entries of this subject on this path do not give."""
    index = acl_index(config)
    ranks = index.ranks(entry.kind, entry.subject)
    above = index.further_up(ranks, entry.path)
    if not above:
        return frozenset()
    here = index.levels[entry.path][entry.shown_subject]
    if {other.role for other in above} == {other.role for other in here}:
        return frozenset()
    return privileges_of(config, above) - privileges_of(config, here)


def from_pools(config: UserConfig, entry: AclEntry) -> frozenset[str]:
    """Privileges that pools add for the entry's subject on the entry's path."""
    index = acl_index(config)
    added: frozenset[str] = frozenset()
    for pool in index.pools_of.get(entry.path, ()):
        ranks = index.ranks(entry.kind, entry.subject)
        added |= privileges_of(config, index.counting(ranks, f"/pool/{pool}"))
    return added


def _notes(config: UserConfig, index: AclIndex, entry: AclEntry, hidden: bool) -> tuple[str, ...]:
    if is_ghost(config, entry):
        return (GHOST,)
    if entry.kind == "user":
        if entry.subject == ROOT:
            return (UNUSED,)
    elif entry.kind == "token" and not _separated(config, entry):
        return (UNUSED,)
    if entry.role == NO_ACCESS:
        return (BLOCKS, HIDDEN) if hidden else (BLOCKS,)
    found: list[str] = []
    if root_way(config, entry):
        found.append(IS_ROOT)
    if entry.kind == "token" and missing_for_token(config, entry):
        found.append(CAPPED)
    if gone := lost(config, entry):
        found.append(POOL if gone <= from_pools(config, entry) else REPLACES)
    if hidden:
        found.append(HIDDEN)
    return tuple(found)


def _hidden(config: UserConfig, index: AclIndex) -> set[AclEntry]:
    """Group entries on a path where a member has an entry of its own."""
    hidden: set[AclEntry] = set()
    for level in index.levels.values():
        groups = {subject for subject, entries in level.items() if entries[0].kind == "group"}
        if not groups or len(groups) == len(level):
            continue
        for entries in level.values():
            first = entries[0]
            if first.kind == "user":
                for group in groups.intersection(index.groups_of.get(first.subject, ())):
                    hidden.update(entry for entry in level[group] if entry.kind == "group")
    return hidden


def _has_there(
    config: UserConfig, index: AclIndex, entry: AclEntry, path: str, privilege: str
) -> bool:
    """Does this very entry give its subject the privilege on `path`?"""
    if entry.path != path:
        above = entry.path.rstrip("/") + "/"
        if not entry.propagate or not path.startswith(above):
            return False
    subject = entry.shown_subject
    counting = index.counting(((subject,),), path)
    if entry not in counting or privilege not in privileges_of(config, counting):
        return False
    if entry.kind == "token":
        return privilege in permissions_of(config).privileges(entry.subject, path)
    return True


def _of_user(config: UserConfig, userid: str, path: str) -> Set[str]:
    """A user's privileges; without pools the index knows them sooner than the engine."""
    index = acl_index(config)
    if userid == ROOT or path in index.pools_of:
        return permissions_of(config).privileges(userid, path).keys()
    return privileges_of(config, index.counting(index.ranks("user", userid), path))


def _meant(config: UserConfig, entry: AclEntry) -> tuple[str, ...]:
    """The users of a group's entry, else the entry's subject."""
    if entry.kind != "group":
        return (entry.subject,)
    members = config.groups[entry.subject].members
    return tuple(member for member in members if member in config.users)


def _separated(config: UserConfig, entry: AclEntry) -> bool:
    userid, _, token = _split(entry)
    return config.users[userid].tokens[token].privsep


def _split(entry: AclEntry) -> tuple[str, str, str]:
    """(userid, "!", token); for a user the last two are empty."""
    if entry.kind != "token":
        return entry.subject, "", ""
    return entry.subject.rpartition("!")
