"""What an OpenID issuer says of itself, fetched over https as PVE fetches it.

Sources: proxmox-openid 1.0.3, openidconnect-rs (discovery), OpenID Connect Discovery 1.0. A
proxy of the datacenter's is not used here.
"""

from __future__ import annotations

import json
import ssl
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.network import reached, trust_system
from pve_auth_tui.simnode.node import SimNode

_WELL_KNOWN: Final = ".well-known/openid-configuration"
_LARGEST: Final = 1 << 20  # bytes


def discovered(node: SimNode, issuer: str) -> dict[str, Any]:
    """The issuer's document. Raises ApiError 500 when it cannot be had, or is another issuer's."""
    found = _object(fetched(node, f"{issuer}{'' if issuer.endswith('/') else '/'}{_WELL_KNOWN}"))
    told = found.get("issuer")
    if told != issuer:
        text = f"Validation error: unexpected issuer URI `{told}` (expected `{issuer}`)"
        raise ApiError(500, f"{text}\n")
    if not isinstance(found.get("authorization_endpoint"), str):
        raise ApiError(500, "Failed to parse server response\n")
    return found


def fetched(node: SimNode, url: str) -> bytes:
    """A bounded body of a 200; raises ApiError 500 for anything else.

    The certificate is always checked. Redirects are not followed: PVE does not, either.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError as error:
        raise _failed(error) from error
    if parts.scheme != "https" or not host:
        raise _failed("builder error: an address with https:// is needed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust_system(context, node)
    try:
        with closing(HTTPSConnection(host, port, context=context)) as connection:
            plain = reached(node, host, port)
            with closing(plain):
                connection.sock = context.wrap_socket(plain, server_hostname=host)
                connection.request("GET", parts.path, headers={"Accept": "application/json"})
                reply = connection.getresponse()
                status, body = reply.status, reply.read(_LARGEST)
    except ApiError as error:
        raise _failed(error) from error
    except (HTTPException, OSError, ValueError) as error:
        raise _failed(error) from error
    if status != HTTPStatus.OK:
        raise ApiError(500, f"Server returned invalid response: HTTP status code {status}\n")
    return body


def _failed(why: Exception | str) -> ApiError:
    text = next(iter(str(why).splitlines()), type(why).__name__)
    return ApiError(500, f"Request failed: {text}\n")


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ApiError(500, "Failed to parse server response\n")
    return found
