"""Which credentials are on a key: asked silently, without touch and PIN."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from fido2.ctap import CtapError
from fido2.ctap1 import APDU, ApduError, Ctap1
from fido2.ctap2.base import Ctap2

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.fido.client import ctap2_of
from pve_auth_tui.adapters.keys.trouble import as_trouble

_SECONDS: Final = 30.0  # for a few hundred credentials on a slow key
_NOTHING: Final = b"\0" * 32  # hashed client data that nobody wants signed
_NO_CREDENTIALS, _TOO_LARGE = 0x2E, 0x39
_U2F_LONGEST: Final = 255


def holding(channel: Channel, rp_id: str, credentials: Sequence[bytes]) -> frozenset[bytes]:
    """`core.ports.SecurityKey.holding`."""
    with as_trouble(), channel.watched(_SECONDS):
        wanted = [one for one in dict.fromkeys(credentials) if one]
        ctap2 = ctap2_of(channel)
        if ctap2 is not None:
            return frozenset(_of_ctap2(ctap2, rp_id, wanted))
        return frozenset(_of_u2f(Ctap1(channel), rp_id, wanted))


def _of_ctap2(ctap2: Ctap2, rp_id: str, credentials: list[bytes]) -> set[bytes]:
    """A key names one of those asked for (CTAP 2.1, 6.2.2): asked again without it."""
    longest = ctap2.info.max_cred_id_length
    left = [one for one in credentials if not longest or len(one) <= longest]
    piece = max(1, ctap2.info.max_creds_in_list)
    found: set[bytes] = set()
    while left:
        asked = left[:piece]
        try:
            held = _held(ctap2, rp_id, asked)
        except CtapError as error:
            if int(error.code) == _NO_CREDENTIALS:
                left = left[len(asked) :]
            elif int(error.code) == _TOO_LARGE and len(asked) > 1:
                piece = max(1, len(asked) // 2)
            else:
                break  # it always verifies its user, so it tells nothing
            continue
        if held is None:
            if len(asked) == 1:
                break
            piece = 1
            continue
        found.add(held)
        left.remove(held)
    return found


def _held(ctap2: Ctap2, rp_id: str, asked: list[bytes]) -> bytes | None:
    """None: something that was not asked for."""
    answer = ctap2.send_cbor(
        Ctap2.CMD.GET_ASSERTION,
        {
            1: rp_id,
            2: _NOTHING,
            3: [{"type": "public-key", "id": one} for one in asked],
            5: {"up": False},
        },
    )
    told = answer.get(1)
    if told is None and len(asked) == 1:
        return asked[0]  # CTAP 2.0, 5.2: it may leave out the only one
    held = told.get("id") if isinstance(told, dict) else None
    return held if held in asked else None


def _of_u2f(ctap1: Ctap1, rp_id: str, credentials: list[bytes]) -> set[bytes]:
    """U2F Raw Message Formats 1.2, 5.1: check-only says "test of user presence required"."""
    application = sha256(rp_id.encode()).digest()
    found = set()
    for one in credentials:
        if len(one) > _U2F_LONGEST:
            continue
        try:
            ctap1.authenticate(_NOTHING, application, one, check_only=True)
        except ApduError as error:
            if error.code == APDU.USE_NOT_SATISFIED:
                found.add(one)
    return found
