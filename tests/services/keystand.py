"""A security key at a simulated node: in software, asked as `core.ports.SecurityKey` is."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pve_auth_tui.core.keys import KeyInfo, KeyPlace, Phase, PinAsked, Registered, Scan, ScanState
from pve_auth_tui.core.keys import Signed as SignedAnswer
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import Hands
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tfafile import encode_base64url
from tests.simnode import softkey

PATH = "/dev/hidraw3"
PIN = "2468"


class StandKey:
    """One key with one credential, whatever it is asked for. `pin`: it asks for one.

    `on_touch` is called while it blinks; what it raises ends it.
    """

    def __init__(self, algorithm: str = "ES256", *, rsa_key: Any = None, pin: str = "") -> None:
        self.soft = softkey.SoftKey(algorithm, rsa_key=rsa_key)
        self.rp_id = softkey.RP
        self.wanted_pin = pin
        self.says: dict[str, Any] = {}
        self.on_touch: Callable[[], None] = lambda: None
        self.asked: list[Mapping[str, Any]] = []
        self.flags = softkey.PRESENT
        self.tells = True
        self.verifies = False
        self.closed = 0

    def info(self) -> KeyInfo:
        place = KeyPlace(PATH, "Stand Key")
        return KeyInfo(place, versions=("FIDO_2_1",), verifies=self.verifies)

    def register(self, options: Mapping[str, Any], origin: str, hands: Hands) -> Registered:
        self.asked.append(options)
        self._work(hands)
        credentials = {one["id"] for one in options.get("excludeCredentials", ())}
        if encode_base64url(self.soft.id) in credentials:
            raise KeyTrouble(Kind.ALREADY)
        self.rp_id = options["rp"]["id"]
        value = self.soft.create(
            options["challenge"],
            client={"origin": origin},
            auth=self._auth_data(attested=True),
        )
        return Registered(self.soft.id, json.dumps(value))

    def sign(self, options: Mapping[str, Any], origin: str, hands: Hands) -> SignedAnswer:
        self.asked.append(options)
        if encode_base64url(self.soft.id) not in {one["id"] for one in options["allowCredentials"]}:
            raise KeyTrouble(Kind.NOT_THIS_KEY)
        self._work(hands)
        self.rp_id = options["rpId"]
        self.soft.counter += 1
        said = {"origin": origin, **self.says}
        given = self.soft.get(options["challenge"], client=said, auth=self._auth_data())
        self.soft.counter -= 1  # it has counted, too
        given["challenge"] = options["challenge"]
        data, client, signature = (
            base64.urlsafe_b64decode(given["response"][name] + "==")
            for name in ("authenticatorData", "clientDataJSON", "signature")
        )
        counter = int.from_bytes(data[33:37], "big")
        return SignedAnswer(self.soft.id, json.dumps(given), data, client, signature, counter)

    def holding(
        self,
        rp_id: str,
        credentials: Sequence[bytes],
        goes_on: Callable[[int], bool] = lambda asked: True,
    ) -> frozenset[bytes]:
        found = self.tells and rp_id == self.rp_id and self.soft.id in credentials
        return frozenset([self.soft.id] if found else [])

    def set_pin(self, new: Secret, old: Secret | None = None) -> None:
        self.wanted_pin = new.reveal()

    def close(self) -> None:
        self.closed += 1

    def _auth_data(self, *, attested: bool = False) -> bytes:
        data = self.soft.auth_data(attested=attested, flags=self.flags)
        return hashlib.sha256(self.rp_id.encode()).digest() + data[32:]

    def _work(self, hands: Hands) -> None:
        hands.waits(Phase.WORKING)
        wrong, tries = False, 8
        while self.wanted_pin:
            hands.waits(Phase.PIN)
            given = hands.pin(PinAsked(tries, wrong))
            if given is None:
                raise KeyTrouble(Kind.CANCELLED if hands.given_up() else Kind.PIN_CANCELLED)
            if given.reveal() == self.wanted_pin:
                break
            wrong, tries = True, tries - 1
        hands.waits(Phase.TOUCH)
        self.on_touch()
        if hands.given_up():
            raise KeyTrouble(Kind.CANCELLED)


class StandKeys:
    """USB ports with these keys in them. A `core.ports.SecurityKeys`."""

    def __init__(self, *keys: StandKey) -> None:
        self.keys = {f"/dev/hidraw{3 + number}": key for number, key in enumerate(keys)}

    def scan(self) -> Scan:
        places = tuple(KeyPlace(path, "Stand Key") for path in self.keys)
        return Scan(ScanState.FOUND if places else ScanState.NOTHING, places)

    def open(self, path: str) -> StandKey:
        if path not in self.keys:
            raise KeyTrouble(Kind.UNPLUGGED)
        return self.keys[path]

    def touched(self, paths: Sequence[str], hands: Hands) -> str:
        hands.waits(Phase.TOUCH)
        return paths[-1]


class StandHands:
    """Somebody at a key: types `pins` one after the other (None: no more), gives up when told."""

    def __init__(self, *pins: str | None) -> None:
        self.pins = list(pins)
        self.phases: list[Phase] = []
        self.seconds: list[float] = []
        self.asked: list[PinAsked] = []
        self.gone = False
        self.on_pin: Callable[[], None] = lambda: None
        self.on_phase: Callable[[Phase], None] = lambda phase: None

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        self.phases.append(phase)
        self.seconds.append(seconds)
        self.on_phase(phase)

    def pin(self, asked: PinAsked) -> Secret | None:
        self.asked.append(asked)
        self.on_pin()
        given = self.pins.pop(0) if self.pins and not self.gone else None
        return None if given is None else Secret(given)

    def given_up(self) -> bool:
        return self.gone
