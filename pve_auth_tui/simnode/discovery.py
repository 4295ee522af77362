"""What an OpenID issuer says of itself, fetched over https as PVE fetches it.

Sources: proxmox-openid 1.0.3, openidconnect-rs (discovery), OpenID Connect Discovery 1.0.
"""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any, Final

from pve_auth_tui.core.errors import ApiError

_WELL_KNOWN: Final = ".well-known/openid-configuration"
_TIMEOUT: Final = 10.0  # seconds
_LARGEST: Final = 1 << 20  # bytes


def discovered(issuer: str, proxy: str | None = None) -> dict[str, Any]:
    """The issuer's document. Raises ApiError 500 when it cannot be had, or is another issuer's.

    The certificate is always checked, against the system's store. Redirects are not followed.
    """
    url = f"{issuer}{'' if issuer.endswith('/') else '/'}{_WELL_KNOWN}"
    found = _object(fetched(url, proxy))
    told = found.get("issuer")
    if told != issuer:
        text = f"Validation error: unexpected issuer URI `{told}` (expected `{issuer}`)"
        raise ApiError(500, f"{text}\n")
    if not isinstance(found.get("authorization_endpoint"), str):
        raise ApiError(500, "Failed to parse server response\n")
    return found


def fetched(url: str, proxy: str | None = None) -> bytes:
    """A bounded body of a 200; raises ApiError 500 for anything else."""
    import requests

    try:
        with requests.get(
            url,
            timeout=_TIMEOUT,
            allow_redirects=False,
            stream=True,
            verify=_store(),
            proxies={"https": proxy, "http": proxy} if proxy else None,
        ) as reply:
            body: bytes = reply.raw.read(_LARGEST, decode_content=True)
            status = reply.status_code
    except (requests.RequestException, OSError, ValueError) as error:
        raise ApiError(500, f"Request failed: {_first_line(error)}\n") from error
    if status != requests.codes.ok:
        raise ApiError(500, f"Server returned invalid response: HTTP status code {status}\n")
    return body


def _store() -> str | bool:
    """Where the system keeps what it trusts; requests' own list where there is none."""
    paths = ssl.get_default_verify_paths()
    bundles = (paths.cafile, "/etc/ssl/certs/ca-certificates.crt")
    return next((path for path in bundles if path and Path(path).is_file()), True)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ApiError(500, "Failed to parse server response\n")
    return found
