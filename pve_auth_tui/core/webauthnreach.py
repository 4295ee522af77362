"""Under which addresses of the web interface a browser can use security keys.

Sources: reference/pve-access.md 8.1 (what PVE compares), fido.md 2.3 (compared as URLs, subdomains
by a plain suffix), WebAuthn Level 2, 5.1.3 (what the browser compares before it asks a key).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pve_auth_tui.core import weburl
from pve_auth_tui.core.publicsuffix import IsSuffix, is_known_suffix
from pve_auth_tui.core.webauthnorigin import (
    PORT,
    Settings,
    Unfit,
    client_origin,
    is_below,
    refused_as_parent,
)


class Reach(NamedTuple):
    """Whether a login with a key works in a browser at `url`, and why (not), as a clause."""

    url: str
    ok: bool
    why: str


def urls_of(names: Iterable[str], port: int = PORT) -> tuple[str, ...]:
    """The web interface under these names and addresses (IPv6 bare), each once."""
    hosts = (f"[{name}]" if ":" in name else name for name in names)
    return tuple(dict.fromkeys(f"https://{host}:{port}" for host in hosts))


def reach(
    settings: Settings, urls: Sequence[str], *, is_suffix: IsSuffix = is_known_suffix
) -> tuple[Reach, ...]:
    """One answer an address, in their order. Settings that cannot work say so for each."""
    return tuple(Reach(url, *_at(settings, url, is_suffix)) for url in urls)


def _at(settings: Settings, text: str, is_suffix: IsSuffix) -> tuple[bool, str]:
    try:
        here = weburl.parse(text)
    except weburl.BadUrl as error:
        return False, f"that is no address: {error}"
    if not here.is_domain:
        return False, "opened by address, and browsers use keys under names only"
    if here.scheme != "https":
        return False, "browsers use keys on https:// pages alone"
    if settings.id and not is_below(here.host, settings.id):
        return False, f"the name is not {settings.id} or below it"
    if settings.id and refused_as_parent(here.host, settings.id, is_suffix):
        return False, f"browsers refuse {settings.id} as ID"
    try:
        client_origin(settings, f"{here.host}:{here.port}", is_suffix=is_suffix)
    except Unfit as unfit:
        return False, str(unfit).rstrip(".")
    if not settings.origin:
        return True, "the origin follows the address"
    return _with_fixed_origin(settings, here)


def _with_fixed_origin(settings: Settings, here: weburl.Url) -> tuple[bool, str]:
    """PVE compares with its own origin, whatever the request says."""
    want = weburl.parse(settings.origin)
    if here.scheme != want.scheme:
        return False, f"the origin begins with {want.scheme}://"
    if here.port != want.port:
        return False, f"the origin has port {want.port}"
    if here.host == want.host:
        return True, "it is the origin"
    if not settings.allow_subdomains:
        return False, f"the origin is {want.host}, and subdomains are not allowed"
    if is_below(here.host, want.host):
        return True, f"a subdomain of {want.host}"
    if here.host.endswith(want.host):
        return True, f"only because PVE compares ends: it is not below {want.host}"
    return False, f"the origin is {want.host}, and the name is not below it"
