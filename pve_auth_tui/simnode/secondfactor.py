"""The second factor of a login (PVE::AccessControl::authenticate_2nd_new)."""

from __future__ import annotations

from pve_auth_tui.simnode.node import SimNode


def second_factor(
    node: SimNode, userid: str, response: str | None, half_ticket: str | None, host: str
) -> str | None:
    if not node.state.tfa.users.get(userid):
        return None
    raise NotImplementedError
