"""Which credentials are on a key: asked silently, without touch and PIN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from fido2.ctap import CtapError
from fido2.ctap1 import APDU, ApduError, Ctap1
from fido2.ctap2.base import Ctap2

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.fido.client import ctap2_of
from pve_auth_tui.adapters.keys.trouble import as_trouble

_SECONDS: Final = 5.0  # for one question: nobody has to touch anything
_NOTHING: Final = b"\0" * 32  # hashed client data that nobody wants signed
_NO_CREDENTIALS, _TOO_LARGE = 0x2E, 0x39
_U2F_LONGEST: Final = 255
_AROUND: Final = 32  # bytes of CBOR around each credential
_BESIDE: Final = 128  # of a question, beside its RP ID and the credentials


def holding(
    channel: Channel,
    rp_id: str,
    credentials: Sequence[bytes],
    goes_on: Callable[[int], bool],
) -> frozenset[bytes]:
    """`core.ports.SecurityKey.holding`."""
    with as_trouble():
        wanted = [one for one in dict.fromkeys(credentials) if one]
        with channel.watched(_SECONDS):
            ctap2 = ctap2_of(channel)
        if ctap2 is not None:
            return frozenset(_of_ctap2(channel, ctap2, rp_id, wanted, goes_on))
        return frozenset(_of_u2f(channel, rp_id, wanted, goes_on))


def _of_ctap2(
    channel: Channel,
    ctap2: Ctap2,
    rp_id: str,
    credentials: list[bytes],
    goes_on: Callable[[int], bool],
) -> set[bytes]:
    """A key names one of those asked for (CTAP 2.1, 6.2.2): asked again without it."""
    longest = ctap2.info.max_cred_id_length
    left = [one for one in credentials if not longest or len(one) <= longest]
    room = ctap2.info.max_msg_size - _BESIDE - len(rp_id.encode())
    piece = max(1, ctap2.info.max_creds_in_list)
    found: set[bytes] = set()
    while left and goes_on(len(credentials) - len(left)):
        asked = _fitting(left[:piece], room)
        try:
            with channel.watched(_SECONDS):
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


def _fitting(credentials: list[bytes], room: int) -> list[bytes]:
    """As many of them as one message to the key holds (CTAP 2.1, 6.4, maxMsgSize), or one."""
    at = 1
    room -= len(credentials[0]) + _AROUND
    while at < len(credentials) and room >= len(credentials[at]) + _AROUND:
        room -= len(credentials[at]) + _AROUND
        at += 1
    return credentials[:at]


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


def _of_u2f(
    channel: Channel, rp_id: str, credentials: list[bytes], goes_on: Callable[[int], bool]
) -> set[bytes]:
    """U2F Raw Message Formats 1.2, 5.1: check-only says "test of user presence required"."""
    application, ctap1 = sha256(rp_id.encode()).digest(), Ctap1(channel)
    found = set()
    for at, one in enumerate(credentials):
        if not goes_on(at):
            break
        if len(one) > _U2F_LONGEST:
            continue
        try:
            with channel.watched(_SECONDS):
                ctap1.authenticate(_NOTHING, application, one, check_only=True)
        except ApduError as error:
            if error.code == APDU.USE_NOT_SATISFIED:
                found.add(one)
    return found
