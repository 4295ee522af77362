"""/access/ticket and /access/vncticket: logins (PVE::API2::AccessControl)."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core import names
from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.cluster import parse_members
from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.perltext import split_list, truthy
from pve_auth_tui.simnode.accounts import as_spelled, enabled_user
from pve_auth_tui.simnode.capabilities import capabilities
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.passwords import authenticate
from pve_auth_tui.simnode.request import Caller, Request
from pve_auth_tui.simnode.secondfactor import second_factor
from pve_auth_tui.simnode.state import as_text

_MIXED = "TFA response should be in 'password', not 'otp' when 'tfa-challenge' is set\n"


def login_page(node: SimNode, request: Request) -> None:
    """Nothing; it is there for formats that show a login page."""


def login(node: SimNode, request: Request) -> dict[str, Any]:
    """A ticket, or a look whether somebody has privileges; any failure is the same 401."""
    params = request.params
    realm = params.get("realm", "")
    name = f"{params['username']}@{realm}" if truthy(realm) else params["username"]
    userid = as_spelled(node, name, unique=True)
    try:
        enabled_user(node, userid)
        if truthy(params.get("path")) and truthy(params.get("privs")):
            answer = _looked_at(node, request, userid)
        else:
            answer = _ticket(node, request, userid)
    except AuthTuiError as error:
        raise _failure(node, request, userid, error) from error
    if "NeedTFA" not in answer:
        answer["cap"] = capabilities(node.rights(Caller(userid)))
    members = parse_members(node.disk.read("etc/pve/.members") or b"")
    if members and members.cluster and "Sys.Audit" in node.may(Caller(userid), "/"):
        answer["clustername"] = members.cluster
    node.journal.append(f"successful auth for user '{userid}'")
    return answer


def check_vnc_ticket(node: SimNode, request: Request) -> None:
    """Whether a console's ticket is valid and its owner has the privileges."""
    params = request.params
    authid, path = params["authid"], names.normalise_path(params["path"])
    try:
        if path is None:
            raise ApiError(500, "invalid ticket path\n")
        if not node.tickets.is_vnc_ticket(params["vncticket"], authid, path, params.get("port")):
            raise ApiError(401, "permission denied - invalid PVEVNC ticket\n")
        _require(node, authid, params["path"], params["privs"])
    except AuthTuiError as error:
        raise _failure(node, request, authid, error) from error
    node.journal.append(f"successful auth for user '{authid}'")


def _looked_at(node: SimNode, request: Request, userid: str) -> dict[str, Any]:
    params = request.params
    path = names.normalise_path(params["path"])
    if path is None:
        raise ApiError(500, f"invalid path - {params['path']}\n")
    password, tickets = params["password"], node.tickets
    if tickets.user_of(password) != userid and not tickets.is_vnc_ticket(
        password, userid, path, None
    ):
        _authenticate(node, request, userid)
    _require(node, userid, params["path"], params["privs"])
    return {"username": userid}


def _ticket(node: SimNode, request: Request, userid: str) -> dict[str, Any]:
    """root@pam's ticket is as good as anybody's password."""
    params = request.params
    if "tfa-challenge" in params and "otp" in params:
        raise ApiError(500, _MIXED)
    challenge = None
    owner = None if "tfa-challenge" in params else node.tickets.user_of(params["password"])
    if owner is None or owner not in (ROOT, userid):
        challenge = _authenticate(node, request, userid)
    answer = {"username": userid, "CSRFPreventionToken": node.tickets.csrf_token(userid)}
    if challenge is None:
        return {**answer, "ticket": node.tickets.ticket(userid)}
    return {**answer, "ticket": node.tickets.half_ticket(userid, challenge), "NeedTFA": 1}


def _authenticate(node: SimNode, request: Request, userid: str) -> str | None:
    """Both factors; the challenge (JSON) where the second is still to come."""
    params = request.params
    half_ticket = params.get("tfa-challenge")
    if half_ticket:
        return second_factor(node, userid, params["password"], half_ticket, request.host)
    authenticate(node, userid, params["password"])
    return second_factor(node, userid, params.get("otp"), None, request.host)


def _require(node: SimNode, authid: str, path: str, privs: str) -> None:
    wanted = split_list(privs)
    normal = names.normalise_path(path)
    if normal is None or not wanted:
        raise ApiError(500, f"no permission ({path}, {privs})\n")
    node.rights(Caller(authid)).require_on(normal, wanted, every=True)


def _failure(node: SimNode, request: Request, userid: str, error: AuthTuiError) -> ApiError:
    """The reason is for the journal alone: nobody shall find out which names exist."""
    reason = as_text(error) if isinstance(error, ApiError) else error.original or str(error)
    node.journal.append(
        f"authentication failure; rhost={request.rhost} user={userid} msg={reason.strip()}"
    )
    return ApiError(401, "authentication failure\n")


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/access/ticket"): login_page,
    ("POST", "/access/ticket"): login,
    ("POST", "/access/vncticket"): check_vnc_ticket,
}
