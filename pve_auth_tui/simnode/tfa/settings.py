"""The `webauthn:` line of datacenter.cfg as the core takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pve_auth_tui.core.serdetypes import expected_names, unexpected
from pve_auth_tui.core.snapshot import Datacenter
from pve_auth_tui.core.weburl import BadUrl, Url, parse
from pve_auth_tui.simnode.tfa.failure import refused

_NAMES = ("rp", "origin", "id", "allow-subdomains")
_NO = (False, 0, "0", "")


class BadSettings(Exception):
    """The core does not take them; the text is its own. PVE warns and goes on without."""


@dataclass(frozen=True, slots=True)
class WebauthnSettings:
    """`rp` is a name for people, `id` a domain that every key is bound to."""

    rp: str
    id: str
    origin: Url | None = None
    allow_subdomains: bool = True

    @property
    def fits(self) -> bool:
        """Can the core use them? The origin must be the domain `id` or below it."""
        origin = self.origin
        if origin is None or not origin.is_domain:
            return False
        return origin.host == self.id or origin.host.endswith(f".{self.id}")

    def allows(self, client: Url) -> bool:
        """May a client that has this origin register and log in?"""
        origin = self.origin
        if origin is None or client.text == origin.text:
            return origin is not None
        if client.origin is None or origin.origin is None:
            return False
        if not self.allow_subdomains or not (client.is_domain and origin.is_domain):
            return client.origin == origin.origin
        same = (client.scheme, client.port) == (origin.scheme, origin.port)
        return same and client.host.endswith(origin.host)  # that is all webauthn-rs 0.5.2 looks at


def read(values: Mapping[str, Any]) -> WebauthnSettings:
    """The settings from their names and values. Raises BadSettings."""
    origin: Url | None = None
    for name, value in values.items():
        if name not in _NAMES:
            raise BadSettings(f"unknown field `{name}`, {expected_names(_NAMES)}")
        if name == "origin" and value is not None:
            origin = _origin(str(value))
    for name in ("rp", "id"):
        if name not in values:
            raise BadSettings(f"missing field `{name}`")
    allow = values.get("allow-subdomains") not in _NO
    return WebauthnSettings(str(values["rp"]), str(values["id"]), origin, allow)


def _origin(text: str) -> Url:
    try:
        return parse(text)
    except BadUrl as problem:
        raise BadSettings(f"{problem}: {unexpected(text).removeprefix('string ')}") from None


def configured(datacenter: Datacenter, host: str) -> WebauthnSettings | None:
    """What PVE hands to the core for one request; `host` is its Host header, or "".

    The header makes the origin where the settings have none. None: no WebAuthn here.
    Raises ApiError where there is neither (a call on the node itself): then not even another
    kind of factor can be added.
    """
    values = datacenter.options.get("webauthn")
    if not isinstance(values, Mapping):
        return None
    if "origin" not in values:
        if not host:
            raise refused("failed to figure out origin")
        values = {**values, "origin": f"https://{host}"}
    try:
        return read(values)
    except BadSettings:
        return None
