"""The redirect URIs that a provider has to know, character by character.

PVE's web interface sends `location.origin`: `https://pve1.example.com:8006`, without a slash or a
path, and without the port where it is 443 (reference 5.3). Providers compare it as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core import weburl
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.hostnames import is_address
from pve_auth_tui.core.webauthnorigin import PORT
from pve_auth_tui.core.webauthnremarks import Known

_LONGEST: Final = 255  # characters, PVE's limit of redirect-url


class Uris(NamedTuple):
    """`needed`: under the nodes' full names and what somebody typed; `more`: under their short
    names and addresses, which people may type, too.
    """

    needed: tuple[str, ...]
    more: tuple[str, ...] = ()


def redirect_uris(known: Known, extra: Sequence[str] = (), port: int = PORT) -> Uris:
    """One for every name of every node, and for each of `extra`: a name or an address of a VIP or a
    proxy, with a port where it is not the usual one, or as the browser shows it.

    Raises UsageError for one that can be no address of a web interface.
    """
    typed = [typed_origin(one, port) for one in extra]
    needed = dict.fromkeys([*(origin(name, port) for name in known.names.values()), *typed])
    more = dict.fromkeys(origin(name, port) for name in known.others)
    return Uris(tuple(needed), tuple(one for one in more if one not in needed))


def origin(host: str, port: int = PORT) -> str:
    """As browsers write it; `host` bare, IPv6 without brackets."""
    name = f"[{host}]" if ":" in host else host.lower().removesuffix(".")
    return f"https://{name}" if port == 443 else f"https://{name}:{port}"


def typed_origin(text: str, port: int = PORT) -> str:
    """Of `vip.example.com`, `vip.example.com:443`, `https://vip.example.com/`, `2001:db8::1`.

    A URL without a port has https's own; a name without one has `port`. Raises UsageError.
    """
    text = text.strip()
    if is_address(text) and ":" in text:
        return origin(text, port)
    is_url = "://" in text
    try:
        url = weburl.parse(text if is_url else f"https://{text}")
    except weburl.BadUrl:
        raise UsageError(f"{text} is no address of a web interface.") from None
    rest = text.partition("://")[2] if is_url else text
    if url.scheme != "https" or "@" in rest or rest.partition("/")[2] or set("?#\\") & set(rest):
        raise UsageError(
            f"{text} is no address of a web interface.",
            "Such as vip.example.com, or https://vip.example.com for port 443. PVE's is https.",
        )
    named = ":" in rest.rpartition("]")[2]
    found = origin(url.host, (url.port or port) if is_url or named else port)
    if len(found) > _LONGEST:
        raise UsageError(f"PVE takes at most {_LONGEST} characters of a redirect URI.")
    return found


def is_exact(uri: str) -> str:
    """Why a redirect URI is not one that PVE's web interface sends, as a sentence; "" if it is."""
    try:
        right = typed_origin(uri)
    except UsageError as error:
        return str(error)
    if uri == right:
        return ""
    return f"PVE's web interface would send {right}, and providers compare character by character."


def joined(uris: Iterable[str]) -> str:
    """As forms of providers want them: one a line."""
    return "\n".join(uris)
