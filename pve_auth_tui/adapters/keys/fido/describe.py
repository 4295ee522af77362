"""What a key says of itself, without a touch (CTAP 2.1, 6.4 authenticatorGetInfo)."""

from __future__ import annotations

from typing import Any, Final

from fido2.ctap import CtapError
from fido2.ctap2.base import Ctap2, Info

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.fido.client import speaks_ctap2
from pve_auth_tui.adapters.keys.fido.person import pin_tries, shortest_pin
from pve_auth_tui.adapters.keys.trouble import as_trouble, clean
from pve_auth_tui.core.keys import Finger, KeyInfo, KeyPlace, PinState

_SECONDS: Final = 5.0
_MOST: Final = 16  # names of one kind
_ES256: Final = -7


def describe(channel: Channel, place: KeyPlace) -> KeyInfo:
    """`core.ports.SecurityKey.info`. Never goes on with U2F where getInfo fails: the key said that
    it speaks CTAP2, and would be used without its PIN.
    """
    with as_trouble(), channel.watched(_SECONDS):
        if channel.ctap2:
            return _of_ctap2(channel, place)
        if channel.u2f:
            return KeyInfo(
                place,
                versions=("U2F_V2",),
                firmware=_firmware(channel, 0),
                transports=("usb",),
                algorithms=(_ES256,),
            )
        return KeyInfo(place, problem="It speaks neither CTAP2 nor U2F.")


def _of_ctap2(channel: Channel, place: KeyPlace) -> KeyInfo:
    firmware = _firmware(channel, 0)
    try:
        ctap2 = Ctap2(channel)
    except CtapError as error:
        told = f"It refused to say what it can do (CTAP status 0x{int(error.code):02X})."
        return KeyInfo(place, firmware=firmware, problem=told)
    except (ValueError, TypeError, LookupError, RecursionError, MemoryError, AttributeError):
        told = "What it says of itself cannot be read."
        return KeyInfo(place, firmware=firmware, problem=told)
    info = ctap2.info
    if not speaks_ctap2(info.versions):
        return KeyInfo(place, firmware=firmware, problem="It names no version of CTAP2.")
    pin = _pin(info.options)
    tries, replug = pin_tries(ctap2) if pin is PinState.SET else (None, False)
    protected = pin is PinState.SET or _finger(info.options) is Finger.ENROLLED
    return KeyInfo(
        place,
        versions=_names(info.versions),
        firmware=_firmware(channel, info.firmware_version),
        transports=_names(info.transports) or ("usb",),
        aaguid=clean(str(info.aaguid), 40) if info.aaguid else "",
        algorithms=_algorithms(info),
        pin=pin,
        finger=_finger(info.options),
        pin_tries=tries,
        min_pin=shortest_pin(ctap2),
        needs_replug=replug,
        must_change_pin=bool(info.force_pin_change),
        verifies=bool(
            info.options.get("alwaysUv") or (protected and not info.options.get("makeCredUvNotRqd"))
        ),
    )


def _pin(options: dict[str, bool]) -> PinState:
    if "clientPin" not in options:
        return PinState.UNSUPPORTED
    return PinState.SET if options["clientPin"] else PinState.NONE


def _finger(options: dict[str, bool]) -> Finger:
    if options.get("uv") or options.get("bioEnroll"):
        return Finger.ENROLLED
    return Finger.NONE if "uv" in options or "bioEnroll" in options else Finger.NO_SENSOR


def _names(values: list[Any]) -> tuple[str, ...]:
    return tuple(clean(one, 32) for one in values[:_MOST] if isinstance(one, str))


def _algorithms(info: Info) -> tuple[int, ...]:
    found = (one.get("alg") for one in info.algorithms[:_MOST] if isinstance(one, dict))
    return tuple(one for one in found if isinstance(one, int) and not isinstance(one, bool))


def _firmware(channel: Channel, told: int) -> str:
    """`5.4.3`: of the USB conversation (11.2.9.1.3), else getInfo's number, which makers count as
    they like.
    """
    if any(channel.version):
        return ".".join(str(one) for one in channel.version)
    if told <= 0:
        return ""
    if 0xFFFF < told <= 0xFFFFFF:
        return ".".join(str(one) for one in told.to_bytes(3, "big"))
    return str(told)  # CBOR's numbers have 64 bits at most
