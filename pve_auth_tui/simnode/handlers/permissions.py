"""GET /access/permissions (PVE::API2::AccessControl)."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core import names
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request


def permissions(node: SimNode, request: Request) -> dict[str, Any]:
    """One's own and those of one's own tokens always, others' with Sys.Audit on /access."""
    rights = node.rights(request.caller)
    subject = request.params.get("userid", rights.authid)
    token = names.split_tokenid(subject)
    if subject != rights.authid and (token is None or token[0] != rights.authid):
        rights.require_on("/access", ["Sys.Audit"], every=True)
    return rights.permissions.answer(subject, request.params.get("path"))


HANDLERS: dict[tuple[str, str], Handler] = {("GET", "/access/permissions"): permissions}
