"""What is worth knowing about an ACL entry: the Note column.

GHOST     names a user, group or token that does not exist: whoever gets that name, by hand
          or by a sync, gets the rights.
UNUSED    never counts: it is for root@pam, who may do everything anyway, for a token without
          privilege separation, which has its user's rights, or NoAccess of the same subject
          stands beside it.
IS ROOT   its subject can make itself root (security R30c), although the role is not
          Administrator from / down, which says so itself. See `root_way`.
BLOCKS    NoAccess: on its path it wins over every other role of its subject.
CAPPED    a token's entry with privileges that the token's user does not have there, so that
          the token does not have them either.
POOL      as REPLACES, but a pool adds everything back (reference 3.2), for every member of a
          group: the entry restricts nothing.
REPLACES  takes something away: its subject has privileges from further up that the entries
          on this path do not give, and no pool adds.
HIDDEN    a group's entry which does not count for at least one member, because the member
          has an entry of its own on the same path.

REPLACES looks at the entry's subject alone: a user with its groups, a group as if somebody were
in no other, a token with what its user lets it have. All of it is worked out for all entries at
once, each from the paths above its own; `notes_of` tells it of a single one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.accessdata import ADMINISTRATOR, NO_ACCESS, ROOT
from pve_auth_tui.core.aclindex import AclIndex, Ranks, privileges_of
from pve_auth_tui.core.aclview import AclView, blocked, view_of
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
_NOTHING: Final[frozenset[str]] = frozenset()


@remembered
def notes(config: UserConfig) -> Mapping[AclEntry, tuple[str, ...]]:
    """The notes of every entry that has any, the most important first."""
    view = view_of(config)
    hidden = _hidden(config, view.index)
    noted: dict[AclEntry, tuple[str, ...]] = {}
    for entry in config.acl:
        found = _notes(view, entry, entry in hidden)
        if found:
            noted[entry] = found
    return noted


def notes_of(view: AclView, entry: AclEntry) -> tuple[str, ...]:
    """The same for one entry of a view."""
    return _notes(view, entry, bool(hiders(view, entry)))


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
    return way_to_root(view_of(config), entry)


def way_to_root(view: AclView, entry: AclEntry) -> str:
    """`root_way` of an entry of a view."""
    if entry.role == ADMINISTRATOR and entry.path == "/" and entry.propagate:
        return ""
    role = view.config.roles.get(entry.role)
    if role is None or place_of(entry.path) not in ("", "access"):
        return ""
    for path, privilege in ROOT_WAYS:
        if privilege in role.privs and _has_there(view, entry, path, privilege):
            return f"{privilege} on {path}"
    if entry.path.startswith(_GROUP_PATH) and "User.Modify" in role.privs:
        group = view.config.groups.get(entry.path.removeprefix(_GROUP_PATH))
        strong = group and not view.index.administrators.isdisjoint(group.members)
        if strong and _has_there(view, entry, entry.path, "User.Modify"):
            return f"User.Modify on {entry.path}, which has administrators"
    return ""


@remembered
def self_made_roots(config: UserConfig) -> Mapping[str, str]:
    """Who can make itself root, and how: userids (members of groups, too) and full token ids.

    Administrators and those who do not exist are left out.
    """
    view = view_of(config)
    index = view.index
    found: dict[str, str] = {}
    for path, level in index.levels.items():
        if place_of(path) not in ("", "access"):
            continue
        for entries in level.values():
            for entry in entries:
                if not is_ghost(config, entry) and (way := way_to_root(view, entry)):
                    for subject in _meant(view, entry, way):
                        if subject not in index.administrators:
                            found.setdefault(subject, way)
    return found


def missing_for_token(view: AclView, entry: AclEntry) -> frozenset[str]:
    """Privileges of a token's entry which the token's user does not have on that path."""
    role = view.config.roles.get(entry.role)
    userid = _split(entry)[0]
    if role is None or userid == ROOT:
        return _NOTHING
    return role.privs.difference(view.privileges("user", userid, entry.path))


def lost(view: AclView, entry: AclEntry) -> tuple[frozenset[str], frozenset[str]]:
    """What the subject's entries on the path replace, and what of that no pool adds back.

    Privileges from further up that they do not give. Nothing where NoAccess takes all away.
    """
    above = view.above(entry)
    if not above:
        return _NOTHING, _NOTHING
    here = view.own(entry)
    if {other.role for other in above} == {other.role for other in here} or blocked(here):
        return _NOTHING, _NOTHING
    replaced = privileges_of(view.config, above) - privileges_of(view.config, here)
    userid = _split(entry)[0]
    if replaced and entry.kind == "token" and userid != ROOT:
        replaced &= view.privileges("user", userid, entry.path)
    if not replaced or entry.path not in view.index.pools_of:
        return replaced, replaced
    ranks = view.index.ranks(entry.kind, entry.subject)
    if view.pools_block(ranks, entry.path):
        return _NOTHING, _NOTHING
    return replaced, replaced - view.with_pools(ranks, entry.path, here)


def restricted(view: AclView, entry: AclEntry) -> list[str]:
    """Members who would have more on the path without the entries of the entry's group there.

    Those who are in no other group with entries and have none of their own are left out: for
    them `lost` speaks. For other kinds of entries nobody.
    """
    if entry.kind != "group":
        return []
    index, group = view.index, entry.shown_subject
    found = []
    for member in view.config.groups[entry.subject].members:
        groups = index.groups_of.get(member, ())
        if len(groups) < 2 and member not in index.by_subject:
            continue
        if member not in view.config.users or member == ROOT:
            continue
        ranks = index.ranks("user", member)
        here = index.on_path(ranks, entry.path)
        if entry not in here:
            continue
        others = [other for other in here if other.shown_subject != group]
        without = others or index.further_up(ranks, entry.path)
        would = view.with_pools(ranks, entry.path, without)
        if would - view.with_pools(ranks, entry.path, here):
            found.append(member)
    return found


def hiders(view: AclView, entry: AclEntry) -> list[str]:
    """Members of the entry's group for whom an entry of their own counts instead."""
    if entry.kind != "group":
        return []
    group = entry.shown_subject
    level = view.index.levels.get(entry.path, {})
    return [
        subject
        for subject in level
        if subject != ROOT
        and subject in view.config.users
        and group in view.index.groups_of.get(subject, ())
    ]


def beside_no_access(view: AclView, entry: AclEntry) -> bool:
    """Does NoAccess of the same subject on the same path leave nothing of the entry?"""
    return any(
        other.role == NO_ACCESS and (other.propagate or not entry.propagate)
        for other in view.own(entry)
    )


def _notes(view: AclView, entry: AclEntry, hidden: bool) -> tuple[str, ...]:
    if is_ghost(view.config, entry):
        return (GHOST,)
    if _never_counts(view, entry):
        return (UNUSED,)
    if entry.role == NO_ACCESS:
        return (BLOCKS, HIDDEN) if hidden else (BLOCKS,)
    found: list[str] = []
    if way_to_root(view, entry):
        found.append(IS_ROOT)
    if entry.kind == "token" and missing_for_token(view, entry):
        found.append(CAPPED)
    replaced, missing = lost(view, entry)
    if replaced:
        found.append(REPLACES if missing or restricted(view, entry) else POOL)
    if hidden:
        found.append(HIDDEN)
    return tuple(found)


def _never_counts(view: AclView, entry: AclEntry) -> bool:
    if entry.kind == "user" and entry.subject == ROOT:
        return True
    if entry.kind == "token" and not view.is_separated(entry.subject):
        return True
    return entry.role != NO_ACCESS and beside_no_access(view, entry)


def _hidden(config: UserConfig, index: AclIndex) -> set[AclEntry]:
    """Group entries on a path where a member has an entry of its own."""
    hidden: set[AclEntry] = set()
    for level in index.levels.values():
        groups = {subject for subject, entries in level.items() if entries[0].kind == "group"}
        if not groups or len(groups) == len(level):
            continue
        for userid in level:
            if userid != ROOT and userid in config.users:
                for group in groups.intersection(index.groups_of.get(userid, ())):
                    hidden.update(entry for entry in level[group] if entry.kind == "group")
    return hidden


def _has_there(view: AclView, entry: AclEntry, path: str, privilege: str) -> bool:
    """Does this very entry give its subject the privilege on `path`?"""
    if entry.path != path:
        above = entry.path.rstrip("/") + "/"
        if not entry.propagate or not path.startswith(above):
            return False
    alone: Ranks = ((entry.shown_subject,),)
    counting = view.index.counting(alone, path)
    if entry not in counting or privilege not in privileges_of(view.config, counting):
        return False
    return privilege in view.privileges(entry.kind, entry.subject, path)


def _meant(view: AclView, entry: AclEntry, way: str) -> list[str]:
    """Who has that: the entry's subject; of a group's the users for whom nothing else counts."""
    if entry.kind != "group":
        return [entry.subject]
    privilege, _, rest = way.partition(" on ")
    path = rest.partition(",")[0]
    members = view.config.groups[entry.subject].members
    return [
        member
        for member in members
        if member in view.config.users
        and (
            (len(view.index.groups_of.get(member, ())) < 2 and member not in view.index.by_subject)
            or privilege in view.privileges("user", member, path)
        )
    ]


def _split(entry: AclEntry) -> tuple[str, str, str]:
    """(userid, "!", token); for a user the last two are empty."""
    if entry.kind != "token":
        return entry.subject, "", ""
    return entry.subject.rpartition("!")
