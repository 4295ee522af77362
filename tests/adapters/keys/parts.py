"""What the tests of security keys share: hands, a bus, and who judges the answers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

from fido2.utils import websafe_decode
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers.cose import COSEAlgorithmIdentifier

from pve_auth_tui.adapters.keys.usb import UsbKey, UsbKeys
from pve_auth_tui.core.keys import Phase, PinAsked, Registered, Signed
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.core.weburl import parse
from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from pve_auth_tui.simnode.tfa import clientjson, webauthn
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings

RP_ID = "example.com"
ORIGIN = "https://pve1.example.com:8006"
PIN = "4711-äöü"
QUICK = 0.3  # seconds of silence after which a key counts as dead


class FakeHands:
    """Types these PINs, gives up after them, or where `gives_up` says so."""

    def __init__(
        self, *pins: str | None, gives_up: Callable[[FakeHands], bool] | None = None
    ) -> None:
        self.pins = list(pins)
        self.phases: list[Phase] = []
        self.seconds: list[float] = []
        self.asked: list[PinAsked] = []
        self.gone = Event()
        self._gives_up = gives_up

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        self.phases.append(phase)
        self.seconds.append(seconds)

    def pin(self, asked: PinAsked) -> Secret | None:
        self.asked.append(asked)
        given = self.pins.pop(0) if self.pins else None
        return None if given is None else Secret(given)

    def given_up(self) -> bool:
        return self.gone.is_set() or bool(self._gives_up and self._gives_up(self))


def at_touch(hands: FakeHands) -> bool:
    """Somebody who gives up when the key waits for a touch."""
    return Phase.TOUCH in hands.phases


def plugged(*keys: SoftKey) -> tuple[SoftBus, list[str]]:
    """A bus with these keys in it, and their paths."""
    bus = SoftBus()
    return bus, [bus.plug(key) for key in keys]


def opened(key: SoftKey, silence: float = QUICK) -> UsbKey:
    """The only key."""
    bus, [path] = plugged(key)
    return UsbKeys(bus, silence).open(path)


def quick(**script: Any) -> Script:
    """Somebody who touches at once."""
    return Script(**{"touch_delay": 0.0, "keepalive": 0.01, **script})


def kind_of(call: Callable[..., object], *args: Any, **kwargs: Any) -> Kind:
    """The way in which it fails."""
    try:
        call(*args, **kwargs)
    except KeyTrouble as trouble:
        return trouble.kind
    raise AssertionError("it succeeded")


class Server:
    """PVE as the simulated node has it, and beside it an independent library, which must agree."""

    def __init__(self, rp_id: str = RP_ID, origin: str = ORIGIN) -> None:
        self.settings = WebauthnSettings("PVE", rp_id, parse(origin))
        self.origin = origin
        self.stored: list[dict[str, Any]] = []
        self._keys: dict[bytes, bytes] = {}
        self._challenge = ""

    def creation(self, **changed: Any) -> dict[str, Any]:
        """What PVE asks of a new key."""
        self._challenge = encode_base64url(secrets.token_bytes(32))
        excluded = [one["cred_id"] for one in self.stored]
        asked = webauthn.creation(self.settings, "root@pam", b"u" * 16, self._challenge, excluded)
        return {**asked["publicKey"], **changed}

    def request(self, **changed: Any) -> dict[str, Any]:
        """What PVE asks at a login."""
        self._challenge = encode_base64url(secrets.token_bytes(32))
        excluded = [one["cred_id"] for one in self.stored]
        asked = webauthn.request(self.settings, self._challenge, excluded)
        return {**asked["publicKey"], **changed}

    def enrol(self, made: Registered) -> None:
        """Both take it."""
        excluded = [one["cred_id"] for one in self.stored]
        answer = clientjson.registration(made.value)
        stored = webauthn.register(self.settings, self._challenge, excluded, answer)
        verified = verify_registration_response(
            credential=made.value,
            expected_challenge=websafe_decode(self._challenge),
            expected_rp_id=self.settings.id,
            expected_origin=self.origin,
            require_user_verification=False,
            supported_pub_key_algs=[
                COSEAlgorithmIdentifier.ECDSA_SHA_256,
                COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
            ],
        )
        assert verified.credential_id == made.credential
        assert verified.fmt == "none"
        assert stored["cred_id"] == encode_base64url(made.credential)
        self.stored.append(stored)
        self._keys[made.credential] = verified.credential_public_key

    def log_in(self, signed: Signed) -> None:
        """Both take it; the extra member names the challenge."""
        answer = json.loads(signed.value)
        assert answer.pop("challenge") == self._challenge
        webauthn.authenticate(
            self.settings, self._challenge, self.stored, clientjson.assertion(answer)
        )
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=websafe_decode(self._challenge),
            expected_rp_id=self.settings.id,
            expected_origin=self.origin,
            credential_public_key=self._keys[signed.credential],
            credential_current_sign_count=0,
            require_user_verification=False,
        )
        assert verified.new_sign_count == signed.counter


def enrolled(key: UsbKey, server: Server, *pins: str) -> Registered:
    """A credential of this key that the server has taken."""
    made = key.register(server.creation(), server.origin, FakeHands(*pins))
    server.enrol(made)
    return made


def ids(*credentials: bytes) -> Sequence[dict[str, str]]:
    """Descriptors as PVE writes them."""
    return [{"type": "public-key", "id": encode_base64url(one)} for one in credentials]
