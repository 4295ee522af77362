"""/cluster/options (PVE::API2::Cluster, PVE::GuestHelpers::get_allowed_tags)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pve_auth_tui.core import answers
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.snapshot import Datacenter
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.permission import Rights
from pve_auth_tui.simnode.request import Request

_OPTIONS: Final = "/cluster/options"
_FOR_ALL: Final = ("console", "tag-style", "allowed-tags")


def show_options(node: SimNode, request: Request) -> dict[str, Any]:
    """Whoever may not audit sees three of them."""
    datacenter, rights = node.state.datacenter, node.rights(request.caller)
    answer = answers.cluster_options(datacenter, _allowed_tags(datacenter, rights))
    if rights.holds("/", ["Sys.Audit"]):
        return answer
    return {name: answer[name] for name in _FOR_ALL if name in answer}


def _allowed_tags(datacenter: Datacenter, rights: Rights) -> set[str]:
    """Guests have no tags here; registered ones are for those who may change the datacenter."""
    registered = set(filter(None, str(datacenter.options.get("registered-tags", "")).split(";")))
    access = datacenter.options.get("user-tag-access")
    access = access if isinstance(access, Mapping) else {}
    listed = set(filter(None, access.get("user-allow-list", "").split(";")))
    if rights.holds("/", ["Sys.Modify"]):
        return registered | listed
    return listed - registered if access.get("user-allow") != "none" else set()


def change_options(node: SimNode, request: Request) -> None:
    """What is to be deleted goes last, even when it was set in the same call."""
    given = {name: str(value) for name, value in request.params.items()}
    gone = split_list(given.pop("delete", ""))
    with node.state.change("datacenter_cfg") as change:
        notes = given.pop("description", change.datacenter.notes)
        options = {**change.datacenter.options, **given}
        kept = {name: value for name, value in options.items() if name not in gone}
        change.datacenter = change.datacenter._replace(
            options=kept, notes="" if "description" in gone else notes
        )


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _OPTIONS): show_options,
    ("PUT", _OPTIONS): change_options,
}
