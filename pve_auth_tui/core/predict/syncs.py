"""What a sync leaves in user.cfg, of what a directory was seen to hold (reference 6).

Source: `update_users` and `update_groups` of PVE::API2::Domains, pve-access-control 9.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core.accessdata import Group, User
from pve_auth_tui.core.names import is_userid
from pve_auth_tui.core.perltext import number, split_list, truthy
from pve_auth_tui.core.plan import SyncCall
from pve_auth_tui.core.ports import param_text
from pve_auth_tui.core.predict.refusal import Refusal, Unforeseeable, missing
from pve_auth_tui.core.predict.world import World
from pve_auth_tui.core.realmrisks import DIRECTORIES
from pve_auth_tui.core.sync.found import SyncOptions
from pve_auth_tui.core.sync.options import options_of

_ALSO_BETWEEN: Final = frozenset(";\0")
_TEXTS: Final = ("firstname", "lastname", "email", "comment", "keys")


def run(world: World, call: SyncCall) -> None:
    """Raises Refusal for a realm that cannot be synced, Unforeseeable where nobody has looked."""
    name = call.path[2]
    realm = world.realms.realms.get(name)
    if realm is None:
        raise missing(f"The realm {name} does not exist.")
    if realm.type not in DIRECTORIES:
        raise Refusal(f"Realm {name} is no LDAP or AD realm: there is nothing to sync.")
    given = {option: param_text(value) for option, value in call.params.items()}
    if truthy(given.get("dry-run")):
        return
    if call.found.realm != name:
        raise Unforeseeable
    options = options_of(realm, given)
    world.access.write()
    if options.users:
        _users(world, call, options)
    if options.groups:
        _groups(world, call, options)


def takes_for_its_own(realm: str, kind: str) -> re.Pattern[str]:
    """Which names PVE takes for users or groups of a realm. The name is an expression to PVE: a
    dot in it stands for any character, and `-lab` ends groups of realm `my-lab`, too.
    """
    sign = "@" if kind == "user" else "-"
    return re.compile(f"{sign}{re.escape(realm).replace(chr(92) + '.', '.')}$")


def _users(world: World, call: SyncCall, options: SyncOptions) -> None:
    access, found = world.access, call.found.users
    own = takes_for_its_own(call.found.realm, "user").search
    gone = [userid for userid in access.users if own(userid) and userid not in found]
    users = (
        _user(access.users.get(userid), userid, values, options) for userid, values in found.items()
    )
    access.sync_users(
        gone, list(users), entry="entry" in options.vanished, acl="acl" in options.vanished
    )


def _user(old: User | None, userid: str, values: Mapping[str, str], options: SyncOptions) -> User:
    fresh: dict[str, Any] = {name: values[name] for name in _TEXTS if name in values}
    if "expire" in values:
        fresh["expire"] = number(values["expire"].lstrip("+-"))
    if old is None:
        return User(userid, enable=options.enable_new, **fresh)
    if "properties" in options.vanished:
        return User(userid, enable=old.enable, tokens=old.tokens, **fresh)
    if "enable" in values:
        fresh["enable"] = truthy(values["enable"])
    return replace(old, **fresh) if fresh else old


def _groups(world: World, call: SyncCall, options: SyncOptions) -> None:
    access, found = world.access, call.found.groups
    own = takes_for_its_own(call.found.realm, "group").search
    gone = [name for name in access.groups if own(name) and name not in found]
    groups = []
    for name, members in found.items():
        old = access.groups.get(name)
        keeps = old is not None and "properties" not in options.vanished
        comment = old.comment if old is not None and keeps else None
        groups.append(Group(name, _as_read(members), comment))
    access.sync_groups(
        gone, groups, entry="entry" in options.vanished, acl="acl" in options.vanished
    )


def _as_read(members: tuple[str, ...]) -> tuple[str, ...]:
    """In the file commas stand between the members: one in a name makes several of it."""
    text = ",".join(members)
    if text.count(",") < len(members) and not _ALSO_BETWEEN & set(text):
        return members
    return tuple(sorted({part for part in split_list(text) if is_userid(part)}))
