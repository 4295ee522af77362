"""WebAuthn's settings of the datacenter, and what a browser writes as origin under them.

`webauthn: rp=NAME,id=DOMAIN[,origin=URL][,allow-subdomains=0|1]` of datacenter.cfg. Sources:
reference/pve-access.md 8.1, fido.md 2.2 (6, 7) and 2.3; WebAuthn Level 2, 5.1.2 and 13.4.9 (the
ID is the host of the page or a registrable domain above it).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pve_auth_tui.core import weburl
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.logins import webauthn_options
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.publicsuffix import IsSuffix, is_bare, is_known_suffix
from pve_auth_tui.core.snapshot import Snapshot

PORT: Final = 8006
_HTTPS_PORT: Final = 443
_LOCAL: Final = "localhost"
_NO_HOST: Final = "/:@?#\\"
_SET_UP: Final = (
    "Set it up first: the screen WebAuthn (:webauthn) and `pve-auth-tui webauthn` have a proposal."
)
_EXAMPLE: Final = "For example id=example.com with origin=https://pve1.example.com:8006."


@dataclass(frozen=True, slots=True)
class Settings:
    """`rp` is a name for people; `id` a domain that every key is bound to; `origin` the address
    of the web interface, "" where each request's own counts.
    """

    rp: str
    id: str
    origin: str = ""
    allow_subdomains: bool = True


class Fault(Enum):
    """Why settings cannot work."""

    UNSET = "unset"
    INCOMPLETE = "incomplete"
    NO_HOST = "no host"
    ORIGIN = "origin"
    ID_FORM = "id form"
    ID_CASE = "id case"
    ADDRESS = "address"
    HTTP = "http"
    MISMATCH = "mismatch"
    SUFFIX = "suffix"


class Unfit(UsageError):
    """The settings cannot work; `fault` says why, `by_pve` whether PVE itself refuses, and not
    only browsers.
    """

    def __init__(self, fault: Fault, message: str, hint: str, *, by_pve: bool = True) -> None:
        super().__init__(message, hint)
        self.fault = fault
        self.by_pve = by_pve


def settings_of(snapshot: Snapshot) -> Settings | None:
    """What datacenter.cfg says; None where it says nothing of WebAuthn, or was not read.

    What is missing of a half set line is "".
    """
    webauthn = webauthn_options(snapshot)
    if not webauthn:
        return None
    allowed = webauthn.get("allow-subdomains")
    return Settings(
        webauthn.get("rp", ""),
        webauthn.get("id", ""),
        webauthn.get("origin", ""),
        allowed is None or truthy(str(allowed)),
    )


def client_origin(
    settings: Settings | None, host: str, *, is_suffix: IsSuffix = is_known_suffix
) -> str:
    """What a browser would write into its client data, and PVE compares: `https://name:port`.

    `host`: name and port by which PVE is asked, `pve1.example.com:8006`; it counts where no
    origin is set, "" where there is none (pvesh). Raises Unfit.
    """
    if settings is None:
        raise Unfit(Fault.UNSET, "WebAuthn is not set up for this datacenter.", _SET_UP)
    _require_both(settings)
    require_id(settings.id)
    url = _origin(settings, host)
    if not url.is_domain:
        raise Unfit(
            Fault.ADDRESS,
            f"WebAuthn works under names only, and this is an address: {url.host}.",
            "Browsers and PVE 9 refuse it. Give the node a name in DNS, or use TOTP.",
        )
    if url.scheme != "https" and url.host != _LOCAL and not url.host.endswith(f".{_LOCAL}"):
        raise Unfit(
            Fault.HTTP,
            f"Browsers use security keys on https:// pages alone; the origin is {shown(url)}.",
            f"PVE would take it, no browser will. Set origin=https://{_place(url)}.",
            by_pve=False,
        )
    if not is_below(url.host, settings.id):
        raise Unfit(
            Fault.MISMATCH,
            f"The ID {settings.id} is neither the host {url.host} nor a domain above it.",
            f"Browsers and PVE 9 refuse that. {_EXAMPLE}",
        )
    if refused_as_parent(url.host, settings.id, is_suffix):
        raise Unfit(
            Fault.SUFFIX,
            f"Browsers refuse {settings.id} as ID, although PVE takes it: everybody's names may "
            "end like that.",
            "Take a domain of your own as ID, or the whole name of the host.",
            by_pve=False,
        )
    return shown(url)


def require_usable(settings: Settings | None, *, is_suffix: IsSuffix = is_known_suffix) -> None:
    """Raises Unfit for settings that work under no address at all."""
    client_origin(settings, f"{settings.id if settings else ''}:{PORT}", is_suffix=is_suffix)


def require_id(ident: str) -> None:
    """Raises Unfit for an ID that is no domain in the form that PVE compares."""
    form = "It is a bare host name in lower case: no https://, no port, no path."
    if _is_address(ident):
        raise Unfit(
            Fault.ADDRESS,
            f"WebAuthn works under names only, and the ID {ident} is an address.",
            "Browsers and PVE refuse it. Give the nodes names in DNS, or use TOTP.",
        )
    try:
        url = weburl.parse(f"https://{ident}")
    except weburl.BadUrl:
        raise Unfit(Fault.ID_FORM, f"The ID {ident} is no host name.", form) from None
    if any(sign in ident for sign in _NO_HOST):
        raise Unfit(Fault.ID_FORM, f"The ID {ident} is more than a host name.", form)
    if url.host == ident:
        return
    if url.host == ident.lower():
        hint = f"PVE compares it letter by letter with a host in lower case. Set id={url.host}."
        raise Unfit(Fault.ID_CASE, f"The ID {ident} is not in lower case.", hint)
    hint = f"PVE and browsers compare host names in ASCII. Set id={url.host}."
    raise Unfit(Fault.ID_FORM, f"The ID {ident} is not written as hosts are.", hint)


def _is_address(ident: str) -> bool:
    try:
        return not weburl.parse(f"https://{ident}").is_domain
    except weburl.BadUrl:
        return _is_ipv6(ident)


def _is_ipv6(ident: str) -> bool:
    """Without the brackets that it has in a URL."""
    try:
        ipaddress.IPv6Address(ident)
    except ValueError:
        return False
    return True


def is_below(host: str, domain: str) -> bool:
    """Whether a host is the domain itself or stands below it, with a dot between."""
    return host == domain or host.endswith(f".{domain}")


def refused_as_parent(host: str, ident: str, is_suffix: IsSuffix) -> bool:
    """Whether browsers refuse `ident` on a page of `host` below it. A bare name is the host's own
    or nothing.
    """
    return host != ident if is_bare(ident) else is_suffix(ident)


def shown(url: weburl.Url) -> str:
    """An origin as browsers write it: lower case, no path, no port that is the scheme's own."""
    return f"{url.scheme}://{_place(url)}"


def _place(url: weburl.Url) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    is_default = url.port == (_HTTPS_PORT if url.scheme == "https" else 80)
    return host if is_default else f"{host}:{url.port}"


def _require_both(settings: Settings) -> None:
    needed = (("a name (rp)", settings.rp), ("an ID (id)", settings.id))
    if missing := [word for word, value in needed if not value]:
        raise Unfit(
            Fault.INCOMPLETE,
            f"The WebAuthn settings lack {' and '.join(missing)}.",
            f"PVE takes no key without both. {_EXAMPLE}",
        )


def _origin(settings: Settings, host: str) -> weburl.Url:
    if not (settings.origin or host):
        raise Unfit(
            Fault.NO_HOST,
            "No origin is set, and a command on the node has no address to take it from.",
            "Set an origin, such as https://pve1.example.com:8006.",
        )
    text = settings.origin or f"https://{host}"
    try:
        url = weburl.parse(text)
    except weburl.BadUrl as error:
        raise Unfit(
            Fault.ORIGIN,
            f"The origin {text} is no address: {error}.",
            f"PVE refuses it. {_EXAMPLE}",
        ) from None
    if url.scheme not in ("https", "http"):
        raise Unfit(
            Fault.ORIGIN,
            f"The origin {text} is no https:// address.",
            f"PVE refuses it. {_EXAMPLE}",
        )
    return url
