"""PUT /access/password, and where each kind of realm keeps passwords (PVE::Auth)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode import passwords
from pve_auth_tui.simnode.accounts import enabled_user, realm_of
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.permission import forbidden
from pve_auth_tui.simnode.request import Request
from pve_auth_tui.simnode.router import BAD_PARAMETERS

_DAY: Final = 24 * 60 * 60
_CONFIRMATION: Final = "confirmation-password"


def change_password(node: SimNode, request: Request) -> None:
    """Only root@pam changes the passwords of Linux users, its own among them, for others."""
    userid, caller = request.params["userid"], request.caller.authid
    reauthenticate(node, request, userid, _CONFIRMATION)
    if caller not in (ROOT, userid) and userid.endswith("@pam"):
        raise forbidden()
    if caller == userid != ROOT:
        enabled_user(node, userid)
    set_password(node, userid, request.params["password"])


def reauthenticate(node: SimNode, request: Request, userid: str, parameter: str) -> None:
    """What PVE asks of those who change a login: their own password, and root@pam is root's.

    Raises ApiError. `parameter` is the one that holds the password; root@pam needs none.
    """
    caller = request.caller.authid
    node.rights(request.caller).require_user(userid)
    if caller == ROOT:
        return
    if userid == ROOT:
        raise forbidden()
    if parameter not in request.params:
        problem = "password is required to modify user"
        raise ApiError(400, BAD_PARAMETERS, {parameter: problem})
    passwords.check_password(node, caller, request.params[parameter])


def set_password(node: SimNode, userid: str, password: str) -> None:
    """Store a password where the realm of the user keeps it. Raises ApiError."""
    name, kind = userid.rpartition("@")[0], realm_of(node, userid).type
    if kind is None:
        raise ApiError(500, "cannot lookup undefined type!\n")
    if kind == "pve":
        _set_shadow(node, name, password)
    elif kind == "pam":
        _set_linux(node, name, password)
    else:
        raise ApiError(500, f"can't set password on auth type '{kind}'\n")


def _set_shadow(node: SimNode, name: str, password: str) -> None:
    with node.state.change("priv_shadow_cfg") as change:
        hashes = {**change.shadow.hashes, name: Secret(passwords.hashed(node, password))}
        change.shadow = replace(change.shadow, hashes=hashes)
        change.save()


def _set_linux(node: SimNode, name: str, password: str) -> None:
    """`usermod -p` on this node: no lock and no quorum is needed."""
    lines = (node.disk.read(passwords.SHADOW) or b"").split(b"\n")
    start = f"{name}:".encode()
    places = [number for number, line in enumerate(lines) if line.startswith(start)]
    if not places:
        raise ApiError(500, f"change password failed: user '{name}' does not exist\n")
    if node.faults.disk_full:
        raise ApiError(
            500, "change password failed: failure while writing changes to /etc/shadow\n"
        )
    fields = lines[places[0]].split(b":")
    fields[1:3] = [passwords.hashed(node, password).encode(), b"%d" % (node.sources.now() // _DAY)]
    lines[places[0]] = b":".join(fields)
    node.disk.write(passwords.SHADOW, b"\n".join(lines))


HANDLERS: dict[tuple[str, str], Handler] = {("PUT", "/access/password"): change_password}
