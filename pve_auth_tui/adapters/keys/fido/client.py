"""python-fido2's WebAuthn client on one channel, with a collector that writes our origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from fido2.client import ClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap2.base import Ctap2
from fido2.webauthn import (
    CollectedClientData,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
)

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.fido.whole import Whole
from pve_auth_tui.core import weburl
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.webauthnorigin import is_below

_PVE_WAITS: Final = 120.0  # seconds; reference/fido.md 2.2
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{2,}={0,2}")
_LONGEST: Final = 300.0  # PVE's own `timeout`


class OriginWriter(ClientDataCollector):
    """Client data with exactly `origin`. Raises KeyTrouble where `rp_id` does not fit it."""

    def __init__(self, origin: str, rp_id: str) -> None:
        if not fits(origin, rp_id):
            raise KeyTrouble(Kind.ORIGIN, f"origin {origin!r}, ID {rp_id!r}")
        self._origin = origin
        self._rp_id = rp_id

    def collect_client_data(
        self, options: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions
    ) -> tuple[CollectedClientData, str]:
        """The client data, and the WebAuthn ID."""
        kind = (
            CollectedClientData.TYPE.CREATE
            if isinstance(options, PublicKeyCredentialCreationOptions)
            else CollectedClientData.TYPE.GET
        )
        return (
            CollectedClientData.create(type=kind, challenge=options.challenge, origin=self._origin),
            self._rp_id,
        )


def fits(origin: str, rp_id: str) -> bool:
    """Whether a browser at `origin` may use `rp_id`: its host or a parent of it, never an address
    (WebAuthn 5.1.3, "is a registrable domain suffix of or is equal to").
    """
    try:
        url = weburl.parse(origin)
    except weburl.BadUrl:
        return False
    if url.scheme != "https" and (url.scheme, url.host) != ("http", "localhost"):
        return False
    return bool(rp_id) and url.is_domain and is_below(url.host, rp_id)


def client(
    channel: Channel, collector: ClientDataCollector, person: UserInteraction
) -> Fido2Client:
    """Without extensions: PVE uses none. Raises KeyTrouble where python-fido2 would silently go on
    with U2F, because the key's getInfo failed.
    """
    made = Fido2Client(Whole(channel), collector, person, extensions=[])
    if channel.ctap2 and not speaks_ctap2(made.info.versions):
        raise KeyTrouble(Kind.KEY_ERROR, "getInfo")
    return made


def ctap2_of(channel: Channel) -> Ctap2 | None:
    """None for a key that speaks U2F alone. Raises KeyTrouble for one that speaks neither."""
    if channel.ctap2:
        return Ctap2(channel)
    if channel.u2f:
        return None
    raise KeyTrouble(Kind.KEY_ERROR, "neither CTAP2 nor U2F")


def speaks_ctap2(versions: object) -> bool:
    """Whether getInfo's versions name a CTAP2."""
    return isinstance(versions, list) and any(
        isinstance(one, str) and one.startswith("FIDO_2") for one in versions
    )


def seconds_of(options: Mapping[str, Any]) -> float:
    """How long somebody may take: `timeout` of the options, in milliseconds."""
    value = options.get("timeout")
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return _PVE_WAITS
    return min(_LONGEST, value / 1000)


def only_ids(descriptors: object) -> list[dict[str, Any]]:
    """Credential descriptors without hints about the way to them: a key needs none."""
    if not isinstance(descriptors, list):
        return []
    return [{"type": "public-key", "id": base64url(one["id"])} for one in descriptors]


def base64url(text: object) -> str:
    """The same text. python-fido2 makes bytes of anything. Raises ValueError."""
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    return text
