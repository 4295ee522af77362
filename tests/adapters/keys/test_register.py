"""Registering: every row of reference/fido.md 3.2, for every kind of key."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from pve_auth_tui.core.keys import Phase, PinAsked
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.adapters.keys.parts import (
    ORIGIN,
    PIN,
    FakeHands,
    Server,
    at_touch,
    enrolled,
    kind_of,
    opened,
    quick,
)

CTAP20 = ("U2F_V2", "FIDO_2_0")
KINDS: dict[str, tuple[dict[str, Any], bool]] = {
    "CTAP2.1": ({}, False),
    "CTAP2.1, PIN, not asked": ({"pin": PIN}, False),
    "CTAP2.1, PIN": ({"pin": PIN, "make_cred_uv_not_rqd": False}, True),
    "CTAP2.1, PIN protocol 1": (
        {"pin": PIN, "make_cred_uv_not_rqd": False, "pin_protocols": (1,)},
        True,
    ),
    "CTAP2.1, PIN protocol 2": (
        {"pin": PIN, "make_cred_uv_not_rqd": False, "pin_protocols": (2,)},
        True,
    ),
    "CTAP2.1, always UV, PIN": ({"pin": PIN, "always_uv": True}, True),
    "CTAP2.1, always UV, finger": ({"pin": PIN, "always_uv": True, "builtin_uv": True}, False),
    "CTAP2.1, finger": (
        {"pin": PIN, "builtin_uv": True, "make_cred_uv_not_rqd": False},
        False,
    ),
    "CTAP2.1, sensor without finger": ({"builtin_uv": False}, False),
    "CTAP2.1 without U2F": ({"versions": ("FIDO_2_0", "FIDO_2_1")}, False),
    "CTAP2.0": ({"versions": CTAP20, "pin_protocols": (1,)}, False),
    "CTAP2.0 without PINs": ({"versions": CTAP20, "pin_protocols": ()}, False),
    "CTAP2.0, PIN protocol 1": ({"versions": CTAP20, "pin": PIN, "pin_protocols": (1,)}, True),
    "CTAP2.0, PIN protocol 2": ({"versions": CTAP20, "pin": PIN, "pin_protocols": (2,)}, True),
    "CTAP2.0, finger": ({"versions": CTAP20, "pin": PIN, "builtin_uv": True}, False),
    "U2F": ({"versions": ("U2F_V2",)}, False),
    "self attestation": ({"attestation": "self"}, False),
    "no attestation": ({"attestation": "none"}, False),
    "U2F's attestation": ({"attestation": "fido-u2f"}, False),
    "counter of zero": ({"counter_start": 0, "counter_step": 0}, False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_registered_and_logs_in(kind: str) -> None:
    how, asks = KINDS[kind]
    software, server = SoftKey(**how, script=quick()), Server()
    key = opened(software)
    hands = FakeHands(PIN)
    server.enrol(key.register(server.creation(), ORIGIN, hands))
    assert len(hands.asked) == asks
    assert key.info().verifies is (asks or Phase.FINGER in hands.phases)
    for _ in range(2):
        signed = key.sign(server.request(), ORIGIN, FakeHands(PIN))
        server.log_in(signed)
    assert "cbor:0x07" not in software.log


def test_the_value_has_the_members_that_pve_wants_and_nothing_of_the_maker() -> None:
    software, server = SoftKey(script=quick()), Server()
    made = opened(software).register(server.creation(), ORIGIN, FakeHands())
    value = json.loads(made.value)
    assert list(value) == ["id", "type", "rawId", "response"]
    assert list(value["response"]) == ["attestationObject", "clientDataJSON"]
    assert value["id"] == value["rawId"]
    assert "=" not in made.value
    kept = base64.urlsafe_b64decode(value["response"]["attestationObject"] + "==")
    assert software.make.certificate not in kept
    client = base64.urlsafe_b64decode(value["response"]["clientDataJSON"] + "==")
    assert json.loads(client)["origin"] == ORIGIN
    assert json.loads(client)["type"] == "webauthn.create"


def test_what_a_person_sees_is_work_then_a_touch_with_the_time_that_is_left() -> None:
    software = SoftKey(script=Script(touch_delay=0.02))
    hands = FakeHands()
    opened(software).register(Server().creation(timeout=90_000), ORIGIN, hands)
    assert hands.phases == [Phase.WORKING, Phase.TOUCH]
    assert 80 < hands.seconds[1] <= 90


def test_a_wrong_pin_is_asked_again_with_the_tries_that_are_left() -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, min_pin=6, script=quick())
    hands = FakeHands("000000", "111111", PIN)
    opened(software).register(Server().creation(), ORIGIN, hands)
    assert hands.asked == [
        PinAsked(8, wrong=False),
        PinAsked(7, wrong=True),
        PinAsked(6, wrong=True),
    ]


def test_the_shortest_pin_is_what_the_key_says() -> None:
    software = SoftKey(pin=PIN, min_pin=6, always_uv=True, script=quick())
    hands = FakeHands(PIN)
    opened(software).register(Server().creation(), ORIGIN, hands)
    assert hands.asked == [PinAsked(8)]


@pytest.mark.parametrize("impossible", ["", "123", "x" * 64, "ü" * 32, "12\x0034", "\ud800" * 5])
def test_a_pin_that_no_key_can_have_costs_no_try(impossible: str) -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, script=quick())
    hands = FakeHands(impossible, PIN)
    opened(software).register(Server().creation(), ORIGIN, hands)
    assert hands.asked == [PinAsked(8), PinAsked(8, wrong=True)]


def test_a_pin_is_the_same_however_its_umlauts_are_typed() -> None:
    software = SoftKey(versions=CTAP20, pin="gr\u00fcn", script=quick())
    opened(software).register(Server().creation(), ORIGIN, FakeHands("gru\u0308n"))
    assert software.pin.tries == 8


def test_three_wrong_pins_want_the_key_unplugged_and_then_it_goes_on() -> None:
    software, server = SoftKey(versions=CTAP20, pin=PIN, script=quick()), Server()
    key = opened(software)
    wrong = FakeHands("1111", "2222", "3333", "4444")
    assert kind_of(key.register, server.creation(), ORIGIN, wrong) is Kind.PIN_REPLUG
    assert software.pin.tries == 5
    again = FakeHands(PIN)
    assert kind_of(key.register, server.creation(), ORIGIN, again) is Kind.PIN_REPLUG
    assert not again.asked
    software.replug()
    enrolled(key, server, PIN)


def test_a_blocked_pin_is_told_and_not_even_asked_for() -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, pin_retries=1, script=quick())
    key = opened(software)
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands("1111")) is Kind.PIN_BLOCKED
    hands = FakeHands(PIN)
    assert kind_of(key.register, Server().creation(), ORIGIN, hands) is Kind.PIN_BLOCKED
    assert not hands.asked


def test_no_pin_is_none_and_giving_up_over_it_is_cancelled() -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, script=quick())
    key = opened(software)
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.PIN_CANCELLED
    leaves = FakeHands(PIN, gives_up=lambda hands: bool(hands.asked))
    assert kind_of(key.register, Server().creation(), ORIGIN, leaves) is Kind.CANCELLED
    assert software.pin.tries == 8


def test_a_key_that_always_verifies_and_has_no_pin_wants_one() -> None:
    key = opened(SoftKey(always_uv=True, script=quick()))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.PIN_MISSING


def test_a_key_that_wants_another_pin_says_so_before_it_asks_for_one() -> None:
    software = SoftKey(pin=PIN, must_change_pin=True, always_uv=True, script=quick())
    hands = FakeHands(PIN)
    assert kind_of(opened(software).register, Server().creation(), ORIGIN, hands) is Kind.PIN_CHANGE
    assert not hands.asked


def test_a_finger_that_is_not_recognised_may_be_tried_again() -> None:
    software = SoftKey(
        pin=PIN, builtin_uv=True, make_cred_uv_not_rqd=False, bad_fingers=1, script=quick()
    )
    hands = FakeHands()
    opened(software).register(Server().creation(), ORIGIN, hands)
    assert hands.phases.count(Phase.FINGER) >= 2
    assert Phase.PIN not in hands.phases


@pytest.mark.parametrize("versions", [CTAP20, ("FIDO_2_0", "FIDO_2_1")])
def test_a_finger_that_is_never_recognised_ends_with_the_pin(versions: tuple[str, ...]) -> None:
    software = SoftKey(
        versions=versions,
        pin=PIN,
        builtin_uv=True,
        make_cred_uv_not_rqd=False,
        bad_fingers=9,
        script=quick(),
    )
    server, hands = Server(), FakeHands(PIN)
    server.enrol(opened(software).register(server.creation(), ORIGIN, hands))
    assert hands.phases.index(Phase.FINGER) < hands.phases.index(Phase.PIN)
    assert hands.asked == [PinAsked(8)]


@pytest.mark.parametrize("versions", [("FIDO_2_0", "FIDO_2_1"), CTAP20, ("U2F_V2",)])
def test_a_key_that_is_registered_already_is_told(versions: tuple[str, ...]) -> None:
    server, key = Server(), opened(SoftKey(versions=versions, script=quick()))
    enrolled(key, server)
    assert kind_of(key.register, server.creation(), ORIGIN, FakeHands()) is Kind.ALREADY


def test_twenty_older_keys_of_the_user_do_not_hide_the_one_that_is_there() -> None:
    server, key = Server(), opened(SoftKey(script=quick()))
    for _ in range(20):
        enrolled(opened(SoftKey(script=quick())), server)
    enrolled(key, server)
    assert kind_of(key.register, server.creation(), ORIGIN, FakeHands()) is Kind.ALREADY
    enrolled(opened(SoftKey(script=quick())), server)


@pytest.mark.parametrize("versions", [("FIDO_2_0", "FIDO_2_1"), CTAP20, ("U2F_V2",)])
def test_giving_up_during_the_touch_ends_it(versions: tuple[str, ...]) -> None:
    software = SoftKey(versions=versions, script=Script(touch="manual"))
    key = opened(software)
    hands = FakeHands(gives_up=at_touch)
    assert kind_of(key.register, Server().creation(), ORIGIN, hands) is Kind.CANCELLED
    assert ("cancelled" in software.log) is software.has_ctap2
    software.script.touch, software.script.touch_delay = "auto", 0.0
    enrolled(key, Server())


@pytest.mark.parametrize("versions", [("FIDO_2_0", "FIDO_2_1"), ("U2F_V2",)])
def test_nobody_touches_within_the_time_that_pve_gives(versions: tuple[str, ...]) -> None:
    software = SoftKey(versions=versions, script=Script(touch="never"))
    key = opened(software)
    asked = Server().creation(timeout=300)
    assert kind_of(key.register, asked, ORIGIN, FakeHands()) is Kind.TIMEOUT
    assert ("cancelled" in software.log) is software.has_ctap2


def test_the_keys_own_time_may_be_up_first() -> None:
    key = opened(SoftKey(script=Script(touch="never", touch_timeout=0.05)))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.TIMEOUT


def test_a_pin_that_is_typed_too_late_asks_for_a_new_challenge() -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, script=quick())

    class Slow(FakeHands):
        def pin(self, asked: PinAsked) -> Any:
            key._channel._watch = key._channel._watch.__class__(lambda: False, 0.0, Kind.TIMEOUT)
            return super().pin(asked)

    key: Any = opened(software)
    asked = Server().creation()
    assert kind_of(key.register, asked, ORIGIN, Slow(PIN)) is Kind.SERVER_CHALLENGE
    assert software.pin.tries == 8


def test_declined_at_the_key() -> None:
    key = opened(SoftKey(script=quick(touch="deny")))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.DECLINED


def test_a_key_with_other_signatures_is_of_no_use() -> None:
    key = opened(SoftKey(algs=(-8,), script=quick()))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.UNSUPPORTED


def test_a_key_that_makes_what_was_not_asked_for_is_of_no_use() -> None:
    class Stubborn(SoftKey):
        def new_credential(self, rp: bytes, algorithm: int, *more: Any, **kinds: Any) -> Any:
            return super().new_credential(rp, -8, *more, **kinds)

    key = opened(Stubborn(script=quick()))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.UNSUPPORTED


def test_an_answer_for_another_id_never_reaches_pve() -> None:
    class Confused(SoftKey):
        def new_credential(self, rp: bytes, *more: Any, **kinds: Any) -> Any:
            return super().new_credential(b"x" * 32, *more, **kinds)

    key = opened(Confused(script=quick()))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.KEY_ERROR


@pytest.mark.parametrize(("size", "taken"), [(0, False), (1, True), (1023, True), (1100, False)])
def test_a_credential_without_a_usable_id_never_reaches_pve(size: int, *, taken: bool) -> None:
    class Sized(SoftKey):
        def new_credential(self, *more: Any, **kinds: Any) -> Any:
            made = super().new_credential(*more, **kinds)
            made.id = b"i" * size
            return made

    key = opened(Sized(script=quick()))
    if taken:
        assert len(key.register(Server().creation(), ORIGIN, FakeHands()).credential) == size
    else:
        assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.KEY_ERROR


@pytest.mark.parametrize("host", ["10.0.0.1", "[fd00::1]"])
def test_no_key_is_asked_under_an_address(host: str) -> None:
    software, asked = SoftKey(script=quick()), Server().creation()
    asked["rp"]["id"] = host.strip("[]")
    key = opened(software)
    assert kind_of(key.register, asked, f"https://{host}:8006", FakeHands()) is Kind.ORIGIN
    assert not software.credentials


def test_u2f_makes_no_rs256() -> None:
    key = opened(SoftKey(versions=("U2F_V2",), script=quick()))
    asked = Server().creation(pubKeyCredParams=[{"type": "public-key", "alg": -257}])
    assert kind_of(key.register, asked, ORIGIN, FakeHands()) is Kind.UNSUPPORTED


def test_a_failing_getinfo_is_never_taken_for_u2f() -> None:
    software = SoftKey(script=quick(force_status={4: 0x7F}))
    key = opened(software)
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.KEY_ERROR
    assert not [line for line in software.log if line.startswith("u2f")]


def test_a_getinfo_that_fails_the_second_time_is_not_taken_for_u2f_either() -> None:
    class Moody(SoftKey):
        def info(self) -> dict[int, Any]:
            self.log.append("info")
            if self.log.count("info") > 1:
                return {1: ["U2F_V2"], 3: b"short"}
            return super().info()

    software = Moody(script=quick())
    key = opened(software)
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.KEY_ERROR
    assert not [line for line in software.log if line.startswith("u2f")]


ORIGINS = [
    "https://other.example.net:8006",
    "https://evilexample.com:8006",
    "http://pve1.example.com:8006",
    "https://192.0.2.1:8006",
    "https://[2001:db8::1]:8006",
    "https://pve1.example.com:port",
    "https://[",
    "pve1.example.com",
    "",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_an_origin_that_does_not_fit_is_told_before_anything_blinks(origin: str) -> None:
    software = SoftKey(script=quick())
    key = opened(software)
    assert kind_of(key.register, Server().creation(), origin, FakeHands()) is Kind.ORIGIN
    assert kind_of(key.sign, _any_request(), origin, FakeHands()) is Kind.ORIGIN
    assert not [line for line in software.log if "touch" in line]


def _any_request() -> dict[str, Any]:
    return Server().request(allowCredentials=[{"type": "public-key", "id": "AAAA"}])


@pytest.mark.parametrize("rp_id", ["192.0.2.1", "", "com.", "EXAMPLE.com", "ample.com"])
def test_an_id_that_does_not_fit_is_told(rp_id: str) -> None:
    key = opened(SoftKey(script=quick()))
    asked = Server().creation(rp={"id": rp_id, "name": "PVE"})
    assert kind_of(key.register, asked, ORIGIN, FakeHands()) is Kind.ORIGIN


NONSENSE: list[dict[str, Any]] = [
    {"rp": None},
    {"rp": {"name": "PVE"}},
    {"user": None},
    {"user": {"id": 1}},
    {"challenge": None},
    {"challenge": "%%%"},
    {"pubKeyCredParams": None},
    {"pubKeyCredParams": [1]},
    {"excludeCredentials": [1]},
    {"excludeCredentials": [{"id": "%"}]},
    {"authenticatorSelection": 1},
]


@pytest.mark.parametrize("changed", NONSENSE, ids=str)
def test_options_that_cannot_be_read_are_the_servers(changed: dict[str, Any]) -> None:
    key = opened(SoftKey(script=quick()))
    asked = {**Server().creation(), **changed}
    assert kind_of(key.register, asked, ORIGIN, FakeHands()) is Kind.SERVER


def test_the_options_of_pve_8_serve_as_well() -> None:
    server, key = Server(), opened(SoftKey(script=quick()))
    asked = server.creation(
        user={"id": "cm9vdEBwYW0", "name": "root@pam", "displayName": "root@pam"},
        timeout=60_000,
        authenticatorSelection={"requireResidentKey": False, "userVerification": "discouraged"},
    )
    for absent in ("hints", "extensions", "excludeCredentials"):
        del asked[absent]
    server.enrol(key.register(asked, ORIGIN, FakeHands()))


@pytest.mark.parametrize("at", ["touch", "cbor:1", "cbor:4", "cbor:6", "read"])
def test_pulling_the_key_is_told_wherever_it_happens(at: Any) -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, script=quick())
    key = opened(software)
    software.script.unplug_at = at
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands(PIN)) is Kind.UNPLUGGED
    assert kind_of(key.info) is Kind.UNPLUGGED


@pytest.mark.parametrize("at", ["touch", "cbor:1", "cbor:4", "cbor:6"])
def test_a_key_that_hangs_is_told_wherever_it_happens(at: str) -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, script=quick())
    key = opened(software)
    software.script.hang_at = at
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands(PIN)) is Kind.SILENT


@pytest.mark.parametrize("at", ["u2f:1", "u2f:2", "read"])
def test_pulling_a_u2f_key_is_told(at: Any) -> None:
    software = SoftKey(versions=("U2F_V2",), script=quick())
    key, server = opened(software), Server()
    enrolled(key, server)
    software.script.unplug_at = at
    assert kind_of(key.register, server.creation(), ORIGIN, FakeHands()) is Kind.UNPLUGGED


def test_a_u2f_key_that_hangs_is_told() -> None:
    software = SoftKey(versions=("U2F_V2",), script=quick(hang_at="u2f:1"))
    key = opened(software)
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.SILENT


def test_nothing_of_the_pin_hangs_on_what_is_raised() -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, script=quick())
    key = opened(software)
    with pytest.raises(KeyTrouble) as caught:
        key.register(Server().creation(), ORIGIN, FakeHands("gesagt-1", "gesagt-2", "gesagt-3"))
    told = f"{caught.value} {caught.value.hint} {caught.value.original}"
    assert "gesagt" not in told
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("at", "kind"), [("hang_at", Kind.SILENT), ("unplug_at", Kind.UNPLUGGED)])
def test_a_key_that_dies_while_it_waits_for_a_finger_is_told(at: str, kind: Kind) -> None:
    software = SoftKey(pin=PIN, always_uv=True, builtin_uv=True, script=quick())
    key = opened(software)
    setattr(software.script, at, "touch")
    hands = FakeHands(PIN)
    assert kind_of(key.register, Server().creation(), ORIGIN, hands) is kind
    assert hands.phases[-1] is Phase.FINGER


def test_giving_up_at_the_sensor_ends_it() -> None:
    software = SoftKey(pin=PIN, always_uv=True, builtin_uv=True, script=Script(touch="manual"))
    hands = FakeHands(gives_up=lambda hands: "touch-wait:uv" in software.log)
    asked = Server().creation()
    assert kind_of(opened(software).register, asked, ORIGIN, hands) is Kind.CANCELLED
    assert "cancelled" in software.log


def test_a_key_that_is_pulled_while_its_pin_is_typed_is_told() -> None:
    software = SoftKey(versions=CTAP20, pin=PIN, script=quick())

    class Pulls(FakeHands):
        def pin(self, asked: PinAsked) -> Any:
            software.script.unplug_at = "read"
            return super().pin(asked)

    key = opened(software)
    assert kind_of(key.register, Server().creation(), ORIGIN, Pulls(PIN)) is Kind.UNPLUGGED


def test_a_key_whose_storage_is_full_is_told() -> None:
    key = opened(SoftKey(script=quick(force_status={1: 0x28})))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.KEY_FULL


def test_somebody_who_never_types_a_possible_pin_is_not_asked_for_ever() -> None:
    key = opened(SoftKey(versions=CTAP20, pin=PIN, script=quick()))
    hands = FakeHands(*["1"] * 99)
    assert kind_of(key.register, Server().creation(), ORIGIN, hands) is Kind.PIN_WRONG
    assert len(hands.asked) == 9


@pytest.mark.parametrize("timeout", [None, 0, -5, True, "soon", 10**9])
def test_a_time_that_makes_no_sense_is_not_taken(timeout: object) -> None:
    hands = FakeHands()
    key = opened(SoftKey(script=quick(touch_delay=0.02)))
    key.register(Server().creation(timeout=timeout), ORIGIN, hands)
    assert 100 < hands.seconds[-1] <= (300 if timeout == 10**9 else 120)


def test_a_key_that_speaks_nothing_is_of_no_use() -> None:
    key = opened(SoftKey(versions=(), script=quick()))
    assert kind_of(key.register, Server().creation(), ORIGIN, FakeHands()) is Kind.KEY_ERROR
    assert kind_of(key.holding, "example.com", [b"some"]) is Kind.KEY_ERROR
