"""/access/acl (PVE::API2::ACL)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pve_auth_tui.core import answers, names
from pve_auth_tui.core.accessdata import NO_ACCESS, AclEntry, Role, SubjectKind, UserConfig
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.simnode.handlers.tokens import require_token
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.router import BAD_PARAMETERS

_ACL = "/access/acl"
_ALL_OF_IT = "Permissions.Modify"
_SUBJECTS = ("users", "groups", "tokens")


def list_acl(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """All of it with Sys.Audit on /access, otherwise the paths that the caller may change."""
    rights = node.rights(request.caller)
    entries = answers.acl(rights.access)
    if rights.holds("/access", ["Sys.Audit"]):
        return entries
    paths = {entry["path"] for entry in entries}
    open_to = {path for path in paths if rights.holds(path, rights.modify(path))}
    return [entry for entry in entries if entry["path"] in open_to]


def change_acl(node: SimNode, request: Request) -> None:
    """Add or delete every role for every subject; one mistake, and nothing changes."""
    params = request.params
    if not any(truthy(params.get(name)) for name in _SUBJECTS):
        text = "either 'users', 'groups' or 'tokens' is required."
        raise ApiError(400, BAD_PARAMETERS, dict.fromkeys(_SUBJECTS, text))
    path = names.normalise_path(params["path"])
    deleting = bool(params.get("delete"))
    if path is None or not (deleting or names.path_shape_problem(path) is None):
        raise ApiError(400, BAD_PARAMETERS, {"path": f"invalid ACL path '{params['path']}'"})
    held = node.rights(request.caller).permissions.privileges(request.caller.authid, path)
    propagate = bool(params.get("propagate", 1))
    place = names.tree_path(path) or path
    with node.state.change("user_cfg", "ACL update failed: ") as change:
        access = change.access
        acl = {_key(entry): entry for entry in access.acl}
        for name in split_list(params["roles"]):
            if name not in access.roles:
                raise ApiError(500, f"role '{name}' does not exist\n")
            _require_privileges(access.roles[name], held, propagate, deleting)
            for kind, subject in _subjects(request, access):
                entry = AclEntry(place, kind, subject, name, propagate)
                if deleting:
                    acl.pop(_key(entry), None)
                else:
                    acl[_key(entry)] = entry
        change.access = replace(access, acl=tuple(acl.values()))


def _key(entry: AclEntry) -> tuple[str, ...]:
    return entry.path, entry.kind, entry.subject, entry.role


def _require_privileges(role: Role, held: Flags, propagate: bool, deleting: bool) -> None:
    """Whoever lacks Permissions.Modify only hands out what they hold themselves."""
    if _ALL_OF_IT in held:
        return
    start = f"Cannot {'remove' if deleting else 'add'} role '{role.id}'"
    if not all(priv in held for priv in role.privs):
        problem = f"{start} - requires '{_ALL_OF_IT}' or superset of privileges."
    elif propagate and not deleting and not all(held[priv] for priv in role.privs):
        problem = (
            f"{start} with propagation - requires '{_ALL_OF_IT}' or propagated superset of "
            "privileges."
        )
    elif role.id == NO_ACCESS:  # it has no privileges that could be missing
        problem = f"{start} - requires '{_ALL_OF_IT}'"
    else:
        return
    raise ApiError(400, BAD_PARAMETERS, {"role": problem})


def _subjects(request: Request, access: UserConfig) -> Iterator[tuple[SubjectKind, str]]:
    """Those that were named, in PVE's order; raises ApiError for one that is not there."""
    for group in split_list(request.params.get("groups")):
        if group not in access.groups:
            raise ApiError(500, f"group '{group}' does not exist\n")
        yield "group", group
    for userid in split_list(request.params.get("users")):
        if userid not in access.users:
            raise ApiError(500, f"user '{userid}' does not exist\n")
        yield "user", userid
    for tokenid in split_list(request.params.get("tokens")):
        userid, _, token = tokenid.rpartition("!")
        require_token(access, userid, token)
        yield "token", tokenid


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ACL): list_acl,
    ("PUT", _ACL): change_acl,
}
