"""What pveproxy and pvedaemon do around a call of PVE's API: who calls, and how it is answered.

Sources: PVE::APIServer::AnyEvent and its formatters (pve-http-server 6), PVE::HTTPServer
(pve-manager 9.2), recorded answers. Requests come from anywhere: a browser, our own https rung,
a replay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from pve_auth_tui.core.cluster import parse_members
from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode import router
from pve_auth_tui.simnode.accounts import enabled_user
from pve_auth_tui.simnode.counted import Counted
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.permission import forbidden
from pve_auth_tui.simnode.request import NOBODY, Caller

METHODS: Final = ("GET", "POST", "PUT", "DELETE")
FORMATS: Final = ("json", "extjs")
COOKIE: Final = "PVEAuthCookie"
TOKEN: Final = "PVEAPIToken"  # noqa: S105 (a header's name)
CSRF: Final = "csrfpreventiontoken"
_INIT: Final = (
    "RPCEnvironment init request failed: Unable to load access control list: Connection refused\n"
)
_NO_AUTH: Final = frozenset(
    {
        ("GET", "/access/domains"),
        ("GET", "/access/ticket"),
        ("POST", "/access/ticket"),
        ("POST", "/access/vncticket"),
        ("POST", "/access/openid/login"),
        ("POST", "/access/openid/auth-url"),
    }
)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`path` as it was sent, quoted, below /api2/FORMAT; names of headers in small letters.

    `flaw`: status and text for a body that cannot be taken; whoever may not call at all is
    told that first.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    rhost: str = "127.0.0.1"
    format: str = "json"
    flaw: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class HttpReply:
    """`body` is a JSON object: `data`, `errors`, `message`; empty where PVE sends no JSON, and
    then `text` is what it sends. `wait`: seconds until it may be sent. `userid`: for the log.
    """

    status: int
    reason: str
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    wait: float = 0.0
    text: str = ""
    userid: str = ""

    @property
    def content(self) -> bytes:
        """The bytes behind the headers."""
        if not self.body:
            return self.text.encode("utf-8", "replace")
        return json.dumps(dict(self.body), ensure_ascii=False).encode("utf-8", "replace")


class _Dropped(Exception):
    """The request ends here: without JSON, and without having reached the API."""

    def __init__(self, status: int, message: str, wait: float = 0.0, text: str = "") -> None:
        super().__init__(message)
        self.reply = HttpReply(status, message, wait=wait, text=text)


class Proxy:
    """Both daemons of one node. (That pveproxy is dead is the server's care: nobody listens.)"""

    def __init__(self, node: SimNode) -> None:
        self.node = node

    def answer(self, request: HttpRequest) -> HttpReply:
        """What the client gets; nothing is raised and nothing waited for."""
        caller = NOBODY
        try:
            if request.method not in METHODS:
                raise _Dropped(501, f"method '{request.method}' not available")
            if request.format not in FORMATS:
                raise _Dropped(501, "no such uri", text="no such uri")
            path = unquote(request.path) or "/"
            caller = self._caller(request, path)
            if request.flaw:
                raise _Dropped(*request.flaw, text=request.flaw[1])
            return self._answered(request, self._data(request, path, caller), caller)
        except _Dropped as dropped:
            return _sendable(dropped.reply)
        except ApiError as error:
            return _sendable(self._refused(request, error, caller))

    def _answered(self, request: HttpRequest, data: Any, caller: Caller) -> HttpReply:
        body: dict[str, Any] = {"data": data}
        if isinstance(data, Counted) and data.total:
            body["total"] = data.total
        if request.format == "extjs":
            body["success"] = 1
        return HttpReply(200, "OK", body, userid=caller.authid)

    def _refused(self, request: HttpRequest, error: ApiError, caller: Caller) -> HttpReply:
        """The whole text in the body, its first line in the reason. 401 takes three seconds."""
        wait = self.node.faults.login_delay if error.code == HTTPStatus.UNAUTHORIZED else 0.0
        body: dict[str, Any] = {"data": None, "message": error.original or _phrase(error.code)}
        if error.errors:
            body["errors"] = dict(error.errors)
        if request.format == "extjs":
            body |= {"success": 0, "status": error.code}
            return HttpReply(200, "OK", body, wait, userid=caller.authid)
        return HttpReply(error.code, error.original, body, wait, userid=caller.authid)

    # --- who calls -------------------------------------------------------------------

    def _caller(self, request: HttpRequest, path: str) -> Caller:
        """Raises _Dropped as pveproxy's auth_handler refuses."""
        wait = self.node.faults.login_delay
        if self.node.faults.dead & {"pmxcfs", "mount"}:
            raise _Dropped(500, _INIT, wait)
        if (request.method, path) in _NO_AUTH:
            return NOBODY
        ticket, token = _credentials(request.headers)
        if not ticket and not token:
            raise _Dropped(401, "No ticket\n", wait)
        try:
            caller = self._of_token(token) if token else self._of_ticket(ticket)
        except AuthTuiError as error:
            self.node.journal.append(f"authentication failure: {error.original or error}")
            raise _Dropped(401, "Authentication failed!\n", wait) from error
        csrf = request.headers.get(CSRF, "")
        if request.method != "GET" and not caller.token:
            assert caller.userid is not None  # noqa: S101 (a ticket has a user)
            if not self.node.tickets.is_csrf_token(caller.userid, csrf):
                raise _Dropped(401, "Permission denied - invalid csrf token\n", wait)
        return caller

    def _of_ticket(self, ticket: str) -> Caller:
        userid = self.node.tickets.user_of(ticket)
        if userid is None:
            raise ApiError(401, "permission denied - invalid PVE ticket\n")
        enabled_user(self.node, userid)
        return Caller(userid)

    def _of_token(self, text: str) -> Caller:
        """`USER@REALM!ID=SECRET`. The secret is looked at last, as PVE does."""
        tokenid, found, secret = text.rpartition("=")
        if not found:
            raise ApiError(500, "no tokenid specified\n")
        parts = split_tokenid(tokenid)
        if parts is None:
            split = "not able to split into user and token parts"
            raise ApiError(500, f"'{tokenid}' is not a valid token ID - {split}\n")
        userid, name = parts
        token = enabled_user(self.node, userid).tokens.get(name)
        if token is None:
            raise ApiError(500, f"no such token '{name}' for user '{userid}'\n")
        if token.expire and token.expire < int(self.node.sources.now()):
            raise ApiError(500, f"token '{name}' access expired\n")
        if self.node.state.token_secrets.secrets.get(tokenid) != Secret(secret):
            raise ApiError(500, "invalid token value!\n")
        return Caller(userid, tokenid)

    # --- who answers -----------------------------------------------------------------

    def _data(self, request: HttpRequest, path: str, caller: Caller) -> Any:
        """PVE's `data`. Raises ApiError, and _Dropped where a daemon or node is not there."""
        params = {name: value for name, value in request.params.items() if name != "_dc"}
        found, in_path = router.find(request.method, path)
        with_token = bool(caller.token or _credentials(request.headers)[1])
        if with_token and not found.token_allowed:
            raise forbidden(f"URI '{path}' not available with API token, need proper ticket.\n")
        dead = found.protected and "pvedaemon" in self.node.faults.dead
        if dead or found.proxyto:
            given = router.merged(in_path, params)
            self.node.rights(caller).require(found.permissions, given)
            self._require_here(given.get(found.proxyto, ""))
        if dead:
            raise _Dropped(595, "Connection refused")
        host = request.headers.get("host", "")
        return self.node.answer(
            request.method, path, params, caller, host=host, rhost=request.rhost
        )

    def _require_here(self, name: str) -> None:
        """A call for another node is handed on to it; of those there is none that answers."""
        if name in ("", "localhost", self.node.name):
            return
        members = parse_members(self.node.disk.read("etc/pve/.members") or b"")
        if members and any(node.name == name for node in members.nodes):
            raise _Dropped(595, "No route to host")
        lookup = f"hostname lookup '{name}' failed - failed to get address info for: {name}"
        raise ApiError(500, f"{lookup}: Temporary failure in name resolution\n")


def _credentials(headers: Mapping[str, str]) -> tuple[str, str]:
    """(ticket, token): a cookie before the Authorization header, and a ticket before a token."""
    cookie, authorization = headers.get("cookie", ""), headers.get("authorization", "")
    ticket = _value(cookie, COOKIE) or _value(authorization, COOKIE)
    return ticket, "" if ticket else _value(authorization, TOKEN)


def _value(header: str, key: str) -> str:
    found = re.search(rf"(?:^|\s){key}(?:=| )([^;]*)", header)
    return unquote(found[1], "latin-1") if found else ""  # bytes, as those of user.cfg


def _sendable(reply: HttpReply) -> HttpReply:
    """Only the first line of a message can be a reason, and no carriage return can."""
    reason = reply.reason.partition("\n")[0] or _phrase(reply.status)
    if "\r" in reason:
        return HttpReply(400, _phrase(400), wait=reply.wait, userid=reply.userid)
    return replace(reply, reason=reason)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
