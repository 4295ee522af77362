"""python-fido2 as an independent reader of the software key, and as the one who relies on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap2 import ClientPin, Ctap2
from fido2.ctap2.pin import PinProtocol, PinProtocolV1, PinProtocolV2
from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor
from fido2.server import Fido2Server
from fido2.webauthn import AttestationConveyancePreference, PublicKeyCredentialRpEntity

from pve_auth_tui.core.ports import HidWire
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.wire import SoftWire

RP = "example.com"
ORIGIN = "https://pve1.example.com:8006"
USER = {"id": b"ann@pve", "name": "ann@pve", "displayName": "Ann"}
SECONDS = 20.0  # far more than any answer takes


class Connection(CtapHidConnection):
    """The library's connection over a wire of ours."""

    def __init__(self, wire: HidWire) -> None:
        self.wire = wire

    def read_packet(self) -> bytes:
        return self.wire.read(SECONDS)

    def write_packet(self, data: bytes) -> None:
        self.wire.write(data)

    def close(self) -> None:
        self.wire.close()


class Owner(UserInteraction):
    """Types the PINs one after another; notes what was asked."""

    def __init__(self, pins: Sequence[str] = ()) -> None:
        self.pins = list(pins)
        self.asked: list[str] = []

    def prompt_up(self) -> None:
        self.asked.append("touch")

    def request_pin(self, permissions: Any, rp_id: str | None) -> str | None:
        self.asked.append("pin")
        return self.pins.pop(0)

    def request_uv(self, permissions: Any, rp_id: str | None) -> bool:
        self.asked.append("finger")
        return True


def device(key: SoftKey) -> CtapHidDevice:
    """A key in a port of its own; the library has a channel."""
    return device_on(SoftWire(key))


def device_on(wire: HidWire) -> CtapHidDevice:
    """What is behind an open wire."""
    descriptor = HidDescriptor("/dev/hidraw2", 0x1209, 0xF1D0, 64, 64, "Software key", None)
    return CtapHidDevice(descriptor, Connection(wire))


def pin_of(key: SoftKey, protocol: int | None = None) -> ClientPin:
    """What asks the key for tokens, in a PIN protocol of one's choice."""
    protocols: dict[int, type[PinProtocol]] = {1: PinProtocolV1, 2: PinProtocolV2}
    chosen = protocols[protocol]() if protocol else None
    return ClientPin(Ctap2(device(key)), chosen)


class Site:
    """A server and a browser before one key, as PVE sets them up."""

    def __init__(self, key: SoftKey, *pins: str) -> None:
        self.owner = Owner(pins)
        self.client = Fido2Client(
            device(key), DefaultClientDataCollector(ORIGIN), user_interaction=self.owner
        )
        rp = PublicKeyCredentialRpEntity(id=RP, name="rack")
        self.server = Fido2Server(rp, AttestationConveyancePreference.DIRECT)
        self.held: list[Any] = []

    def register(self, uv: str = "discouraged", *, resident: str = "discouraged") -> Any:
        """The registration's authenticator data, accepted by the server."""
        options, state = self.server.register_begin(
            USER,
            self.held,
            user_verification=uv,
            resident_key_requirement=resident,
        )
        options = dict(options.public_key)
        data = self.server.register_complete(state, self.client.make_credential(options))
        self.held.append(data.credential_data)
        return data

    def sign(self, uv: str = "discouraged") -> Any:
        """The login's authenticator data, accepted by the server."""
        options, state = self.server.authenticate_begin(self.held, user_verification=uv)
        answer = self.client.get_assertion(dict(options.public_key)).get_response(0)
        self.server.authenticate_complete(state, self.held, answer)
        return answer.response.authenticator_data
