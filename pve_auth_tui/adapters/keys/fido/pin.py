"""A key's PIN: the first one, or another one (CTAP 2.1, 6.5.5.5 and 6.5.5.6)."""

from __future__ import annotations

from typing import Final

from fido2.ctap import CtapError
from fido2.ctap2.base import Ctap2
from fido2.ctap2.pin import ClientPin

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.fido.client import ctap2_of
from pve_auth_tui.adapters.keys.fido.person import pin_tries, shortest_pin
from pve_auth_tui.adapters.keys.trouble import as_trouble
from pve_auth_tui.core.keypins import LONGEST_PIN, as_sent
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.keywords import tries_left
from pve_auth_tui.core.secret import Secret

_SECONDS: Final = 15.0
_PIN_INVALID: Final = 0x31


def set_pin(channel: Channel, new: Secret, old: Secret | None = None) -> None:
    """`core.ports.SecurityKey.set_pin`."""
    with as_trouble(policy=Kind.PIN_POLICY), channel.watched(_SECONDS):
        ctap2 = ctap2_of(channel)
        if ctap2 is None or "clientPin" not in ctap2.info.options:
            raise KeyTrouble(
                Kind.UNSUPPORTED,
                message="This key cannot have a PIN.",
                hint="It works with a touch alone.",
            )
        wanted = _acceptable(ctap2, new)
        if not ctap2.info.options["clientPin"]:
            if old is not None:
                raise KeyTrouble(Kind.PIN_MISSING, message="This key has no PIN yet.")
            ClientPin(ctap2).set_pin(wanted)
        elif old is None:
            raise KeyTrouble(
                Kind.PIN_CHANGE,
                message="This key has a PIN already.",
                hint="Give the old one, too.",
            )
        else:
            _change(ctap2, old, wanted)


def _change(ctap2: Ctap2, old: Secret, wanted: str) -> None:
    tries, replug = pin_tries(ctap2)
    if tries == 0:
        raise KeyTrouble(Kind.PIN_BLOCKED)
    if replug:
        raise KeyTrouble(Kind.PIN_REPLUG)
    present = as_sent(old)
    if present is None:
        raise KeyTrouble(Kind.PIN_WRONG)  # it cannot be the key's: no try is spent on it
    try:
        ClientPin(ctap2).change_pin(present, wanted)
    except CtapError as error:
        if int(error.code) == _PIN_INVALID:
            raise _wrong(ctap2) from None
        raise


def _acceptable(ctap2: Ctap2, new: Secret) -> str:
    """Raises KeyTrouble for what the key would refuse anyhow."""
    shortest = shortest_pin(ctap2)
    wanted = as_sent(new)
    if wanted is None or len(wanted) < shortest:
        raise KeyTrouble(
            Kind.PIN_POLICY,
            hint=f"At least {shortest} characters, at most {LONGEST_PIN} bytes.",
        )
    return wanted


def _wrong(ctap2: Ctap2) -> KeyTrouble:
    left, _ = pin_tries(ctap2)
    if left is None:
        return KeyTrouble(Kind.PIN_WRONG)
    if left == 0:
        return KeyTrouble(Kind.PIN_BLOCKED)
    return KeyTrouble(Kind.PIN_WRONG, hint=f"Type it again: {tries_left(left)}.")
