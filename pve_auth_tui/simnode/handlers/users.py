"""/access/users (PVE::API2::User)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import Group, User, UserConfig
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.simnode.accounts import as_spelled
from pve_auth_tui.simnode.handlers.password import set_password
from pve_auth_tui.simnode.handlers.tokens import require_user
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.permission import ALL_GROUPS
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.state import Change, as_text

_USERS: Final = "/access/users"
_USER: Final = f"{_USERS}/{{userid}}"
_SEE: Final = ("User.Modify", "Sys.Audit")
_TEXTS: Final = ("firstname", "lastname", "email", "comment", "keys")


def list_users(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """The caller, and everybody whom the caller may see."""
    state, rights = node.state, node.rights(request.caller)
    full, enabled = bool(request.params.get("full")), request.params.get("enabled")
    found = answers.users(rights.access, state.realms, state.tfa, full=full, now=node.sources.now())
    if not rights.holds(ALL_GROUPS, _SEE):
        seen = {rights.authid, *rights.people(rights.groups(_SEE))}
        found = [user for user in found if user["userid"] in seen]
    return [user for user in found if enabled is None or user["enable"] == enabled]


def add_user(node: SimNode, request: Request) -> None:
    """The password is stored first, and stays there when a group turns out to be missing."""
    params = request.params
    with node.state.change("user_cfg", "create user failed: ") as change:
        userid = as_spelled(node, params["userid"])
        if userid in change.access.users:
            raise ApiError(500, f"user '{userid}' already exists\n")
        if "password" in params:
            set_password(node, params["userid"], params["password"])
        user = User(
            userid,
            enable=bool(params.get("enable", 1)),
            expire=params.get("expire", 0),
            **{name: params[name] for name in _TEXTS if truthy(params.get(name))},
        )
        users = {**change.access.users, userid: user}
        groups = _joined(change.access, userid, split_list(params.get("groups")))
        change.access = replace(change.access, users=users, groups=groups)


def show_user(node: SimNode, request: Request) -> dict[str, Any]:
    return answers.user(node.state.access, request.params["userid"])


def change_user(node: SimNode, request: Request) -> None:
    """An empty text clears a field; without `append` the groups replace the old ones."""
    params, userid = request.params, request.params["userid"]
    with node.state.change("user_cfg", "update user failed: ") as change:
        user = replace(
            require_user(change.access, userid),
            **{name: params[name] for name in ("expire", *_TEXTS) if name in params},
        )
        if "enable" in params:
            user = replace(user, enable=bool(params["enable"]))
        access = replace(change.access, users={**change.access.users, userid: user})
        if "groups" in params and not params.get("append"):
            access = replace(access, groups=_left(access, userid))
        groups = _joined(access, userid, split_list(params.get("groups")))
        change.access = replace(access, groups=groups)


def remove_user(node: SimNode, request: Request) -> None:
    """Nobody misses a user who is not there.

    As in PVE the user is disabled before anything else goes, and stays so when that fails.
    Secrets of API tokens stay behind.
    """
    userid = request.params["userid"]
    name, _, realm = userid.rpartition("@")
    with node.state.change("user_cfg", "delete user failed: ") as change:
        user = change.access.users.get(userid, User(userid))
        users = {**change.access.users, userid: replace(user, enable=False)}
        change.access = replace(change.access, users=users)
        change.save()
        found = node.state.realms.realms.get(realm)
        if found and found.type == "pve":
            _forget_password(node, name)
        _forget(change, userid)


def _forget_password(node: SimNode, name: str) -> None:
    with node.state.change("priv_shadow_cfg") as change:
        hashes = {other: hash for other, hash in change.shadow.hashes.items() if other != name}
        change.shadow = replace(change.shadow, hashes=hashes)
        change.save()


def _forget(change: Change, userid: str) -> None:
    """Second factors first, then groups and ACL entries; the error says how far it came."""
    done = ""
    try:
        factors = {name: user for name, user in change.tfa.users.items() if name != userid}
        change.tfa = replace(change.tfa, users=factors)
        change.save()
        done = " - but deleted related TFA, Groups, ACLs"
        access = change.access
        users = {name: user for name, user in access.users.items() if name != userid}
        acl = (e for e in access.acl if (e.kind, e.subject) != ("user", userid))
        change.access = replace(access, users=users, groups=_left(access, userid), acl=tuple(acl))
        change.save()
    except ApiError as error:
        raise ApiError(500, f"{as_text(error)}{done}\n") from error


def _joined(access: UserConfig, userid: str, wanted: list[str]) -> dict[str, Group]:
    groups = dict(access.groups)
    for name in wanted:
        if name not in groups:
            raise ApiError(500, f"no such group '{name}'\n")
        members = {*groups[name].members, userid}
        groups[name] = replace(groups[name], members=tuple(sorted(members)))
    return groups


def _left(access: UserConfig, userid: str) -> dict[str, Group]:
    def without(group: Group) -> Group:
        if userid not in group.members:
            return group
        return replace(group, members=tuple(m for m in group.members if m != userid))

    return {name: without(group) for name, group in access.groups.items()}


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _USERS): list_users,
    ("POST", _USERS): add_user,
    ("GET", _USER): show_user,
    ("PUT", _USER): change_user,
    ("DELETE", _USER): remove_user,
}
