"""/access/groups (PVE::API2::Group)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import Group
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.permission import ALL_GROUPS
from pve_auth_tui.simnode.request import Request

_SEE = ("User.Modify", "Sys.Audit", "Group.Allocate")


def list_groups(node: SimNode, request: Request) -> list[dict[str, Any]]:
    """Those on which the caller holds any of the three privileges."""
    rights = node.rights(request.caller)
    seen = rights.groups(_SEE)
    return [group for group in answers.groups(rights.access) if group["groupid"] in seen]


def add_group(node: SimNode, request: Request) -> None:
    name = request.params["groupid"]
    with node.state.change("user_cfg", "create group failed: ") as change:
        if name in change.access.groups:
            raise ApiError(500, f"group '{name}' already exists\n")
        group = Group(name, comment=request.params.get("comment"))
        groups = {**change.access.groups, name: group}
        change.access = replace(change.access, groups=groups)


def show_group(node: SimNode, request: Request) -> dict[str, Any]:
    return answers.group(node.state.access, request.params["groupid"])


def change_group(node: SimNode, request: Request) -> None:
    name = request.params["groupid"]
    with node.state.change("user_cfg", "update group failed: ") as change:
        if name not in change.access.groups:
            raise ApiError(500, f"group '{name}' does not exist\n")
        group = change.access.groups[name]
        group = replace(group, comment=request.params.get("comment", group.comment))
        groups = {**change.access.groups, name: group}
        change.access = replace(change.access, groups=groups)


def remove_group(node: SimNode, request: Request) -> None:
    """Its ACL entries go with it."""
    name = request.params["groupid"]
    with node.state.change("user_cfg", "delete group failed: ") as change:
        access = change.access
        if name not in access.groups:
            raise ApiError(500, f"group '{name}' does not exist\n")
        groups = {other: group for other, group in access.groups.items() if other != name}
        kept = (e for e in access.acl if (e.kind, e.subject) != ("group", name))
        change.access = replace(access, groups=groups, acl=tuple(kept))


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", ALL_GROUPS): list_groups,
    ("POST", ALL_GROUPS): add_group,
    ("GET", f"{ALL_GROUPS}/{{groupid}}"): show_group,
    ("PUT", f"{ALL_GROUPS}/{{groupid}}"): change_group,
    ("DELETE", f"{ALL_GROUPS}/{{groupid}}"): remove_group,
}
