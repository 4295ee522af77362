"""/access/openid (PVE::API2::OpenId): the way to an issuer's login page, but not back from it.

To take a login back PVE checks the issuer's signature; that is not simulated, so every login
ends as PVE ends one that went wrong.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.simnode.discovery import discovered
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request

_OPENID: Final = "/access/openid"
_STATE: Final = "var/lib/pve-manager/proxmox-openid-auth-state-{}"
_LIFETIME: Final = 600  # seconds for which somebody may be on the way
_MOST: Final = 100
_USUAL_SCOPES: Final = "email profile"
_UNAUTHORISED: Final = 401


def list_parts(node: SimNode, request: Request) -> list[dict[str, str]]:
    return [{"subdir": "auth-url"}, {"subdir": "login"}]


def auth_url(node: SimNode, request: Request) -> str:
    """Where the browser is to go; the issuer is asked first, its errors are 500 with text."""
    realm = _realm(node, request.params["realm"])
    options = realm.options
    found = discovered(node, options["issuer-url"])
    token, nonce, verifier = (_random(node, size) for size in (16, 16, 32))
    state = json.dumps({"csrf_token": token, "realm": realm.name}, separators=(",", ":"))
    query = {
        "response_type": "code",
        "client_id": options["client-id"],
        "state": _text(state.encode()),
        "code_challenge": _text(sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        "redirect_uri": request.params["redirect-url"],
        "scope": " ".join(["openid", *split_list(options.get("scopes", _USUAL_SCOPES))]),
        "nonce": nonce,
    }
    if "prompt" in options:
        query["prompt"] = options["prompt"]
    if "acr-values" in options:
        query["acr_values"] = " ".join(split_list(options["acr-values"]))
    _remember(node, realm.name, {"csrf_token": token, "nonce": nonce, "pkce_verifier": verifier})
    endpoint: str = found["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def _realm(node: SimNode, name: str) -> Realm:
    realm = node.state.realms.realms.get(name)
    if realm is None or realm.type is None:
        raise ApiError(500, f"authentication domain '{name}' does not exist\n")
    if realm.type != "openid":
        raise ApiError(500, f"wrong realm type ({realm.type} != openid)\n")
    return realm


def _random(node: SimNode, size: int) -> str:
    return _text(node.sources.random(size))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _remember(node: SimNode, realm: str, pending: dict[str, Any]) -> None:
    """Who is on the way lies on the node that sent them, not in /etc/pve."""
    path, now = _STATE.format(realm), int(node.sources.now())
    known = json.loads(node.disk.read(path) or b"[]")
    known = [one for one in known if one["ctime"] > now - _LIFETIME][-(_MOST - 1) :]
    node.disk.write(path, json.dumps([*known, {**pending, "ctime": now}]).encode())


def login(node: SimNode, request: Request) -> NoReturn:
    """Nobody learns why; the journal does."""
    node.journal.append(
        f"openid authentication failure; rhost={request.rhost} "
        "msg=a simulated node cannot check an issuer's signature"
    )
    raise ApiError(_UNAUTHORISED, "authentication failure\n")


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", _OPENID): list_parts,
    ("POST", f"{_OPENID}/auth-url"): auth_url,
    ("POST", f"{_OPENID}/login"): login,
}
