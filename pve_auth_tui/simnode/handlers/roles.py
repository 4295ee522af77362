"""/access/roles (PVE::API2::Role)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import Role, UserConfig
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.router import BAD_PARAMETERS

_ROLES = "/access/roles"
_RESERVED = "PVE"


def list_roles(node: SimNode, request: Request) -> list[dict[str, Any]]:
    return answers.roles(node.state.access)


def add_role(node: SimNode, request: Request) -> None:
    name = request.params["roleid"]
    if name.upper().startswith(_RESERVED):
        text = f"cannot use role ID starting with the (case-insensitive) '{_RESERVED}' namespace"
        raise ApiError(400, BAD_PARAMETERS, {"roleid": text})
    with node.state.change("user_cfg", "create role failed: ") as change:
        if name in change.access.roles:
            raise ApiError(500, f"role '{name}' already exists\n")
        change.access = _with(change.access, Role(name, _privileges(request)))


def show_role(node: SimNode, request: Request) -> dict[str, Any]:
    return answers.role(node.state.access, request.params["roleid"])


def change_role(node: SimNode, request: Request) -> None:
    """Without `append` the privileges replace the old ones: none at all empties the role."""
    name = request.params["roleid"]
    _require_own(node, name, "modified")
    with node.state.change("user_cfg", "update role failed: ") as change:
        if name not in change.access.roles:
            raise ApiError(500, f"role '{name}' does not exist\n")
        kept = change.access.roles[name].privs if request.params.get("append") else frozenset()
        change.access = _with(change.access, Role(name, kept | _privileges(request)))


def remove_role(node: SimNode, request: Request) -> None:
    """Its ACL lines stay in the file; PVE drops them when it reads it, we do, too."""
    name = request.params["roleid"]
    _require_own(node, name, "deleted")
    with node.state.change("user_cfg", "delete role failed: ") as change:
        if name not in change.access.roles:
            raise ApiError(500, f"role '{name}' does not exist\n")
        roles = {other: role for other, role in change.access.roles.items() if other != name}
        change.access = replace(change.access, roles=roles)


def _require_own(node: SimNode, name: str, done: str) -> None:
    role = node.state.access.roles.get(name)
    if role and role.special:
        raise ApiError(500, f"auto-generated role '{name}' cannot be {done}\n")


def _privileges(request: Request) -> frozenset[str]:
    return frozenset(split_list(request.params.get("privs")))


def _with(access: UserConfig, role: Role) -> UserConfig:
    return replace(access, roles={**access.roles, role.id: role})


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _ROLES): list_roles,
    ("POST", _ROLES): add_role,
    ("GET", f"{_ROLES}/{{roleid}}"): show_role,
    ("PUT", f"{_ROLES}/{{roleid}}"): change_role,
    ("DELETE", f"{_ROLES}/{{roleid}}"): remove_role,
}
