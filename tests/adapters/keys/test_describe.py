"""What a key says of itself, and that it is never asked for a touch."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.core.keys import Finger, KeyInfo, PinState
from pve_auth_tui.core.keytrouble import Kind
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.adapters.keys.parts import PIN, kind_of, opened, quick

CTAP20 = ("U2F_V2", "FIDO_2_0")


def told(**how: Any) -> KeyInfo:
    software = SoftKey(script=quick(), **how)
    info = opened(software).info()
    assert not [line for line in software.log if "touch" in line]
    return info


def test_everything_that_a_new_key_says() -> None:
    info = told(product="Tok 3", serial="00012345", pin=PIN, min_pin=6)
    assert (info.place.product, info.place.serial) == ("Tok 3", "00012345")
    assert info.versions == ("U2F_V2", "FIDO_2_0", "FIDO_2_1")
    assert info.firmware == "1.2.3"
    assert info.transports == ("usb",)
    assert info.algorithms == (-7, -8)
    assert info.aaguid.count("-") == 4
    assert (info.pin, info.pin_tries, info.min_pin) == (PinState.SET, 8, 6)
    assert info.is_ctap2
    assert not info.problem


def test_a_u2f_key_says_little() -> None:
    info = told(versions=("U2F_V2",))
    assert (info.versions, info.is_ctap2) == (("U2F_V2",), False)
    assert (info.pin, info.finger) == (PinState.UNSUPPORTED, Finger.NO_SENSOR)
    assert info.algorithms == (-7,)
    assert info.transports == ("usb",)


@pytest.mark.parametrize(
    ("how", "pin", "finger", "verifies"),
    [
        ({}, PinState.NONE, Finger.NO_SENSOR, False),
        ({"pin": PIN}, PinState.SET, Finger.NO_SENSOR, False),
        ({"pin": PIN, "make_cred_uv_not_rqd": False}, PinState.SET, Finger.NO_SENSOR, True),
        ({"pin": PIN, "versions": CTAP20}, PinState.SET, Finger.NO_SENSOR, True),
        ({"versions": CTAP20}, PinState.NONE, Finger.NO_SENSOR, False),
        ({"pin_protocols": ()}, PinState.UNSUPPORTED, Finger.NO_SENSOR, False),
        ({"builtin_uv": False}, PinState.NONE, Finger.NONE, False),
        ({"pin": PIN, "builtin_uv": True}, PinState.SET, Finger.ENROLLED, False),
        ({"always_uv": True}, PinState.NONE, Finger.NO_SENSOR, True),
    ],
    ids=str,
)
def test_pin_finger_and_what_enrolling_asks_for(
    how: dict[str, Any], pin: PinState, finger: Finger, verifies: bool
) -> None:
    info = told(**how)
    assert (info.pin, info.finger, info.verifies) == (pin, finger, verifies)


def test_a_key_that_wants_to_be_unplugged_or_another_pin_says_so() -> None:
    software = SoftKey(pin=PIN, must_change_pin=True, pin_retries=5, script=quick())
    software.pin.failures_in_a_row = 3
    info = opened(software).info()
    assert (info.pin_tries, info.needs_replug, info.must_change_pin) == (5, True, True)


def test_tries_that_the_key_does_not_tell_are_not_made_up() -> None:
    software = SoftKey(pin=PIN, script=quick(force_status={6: 0x3E}))
    info = opened(software).info()
    assert (info.pin, info.pin_tries) == (PinState.SET, None)


def test_a_refused_getinfo_is_told_and_the_key_is_not_taken_for_a_u2f_one() -> None:
    info = told_with({4: 0x7F})
    assert info.problem == "It refused to say what it can do (CTAP status 0x7F)."
    assert (info.versions, info.is_ctap2) == ((), False)


def told_with(forced: dict[int, int]) -> KeyInfo:
    return opened(SoftKey(script=quick(force_status=forced))).info()


ODD: list[dict[int, Any]] = [
    {},
    {1: []},
    {1: ["U2F_V2"]},
    {1: [1, 2]},
    {1: "FIDO_2_1"},
    {1: ["FIDO_2_1"], 3: b"short"},
    {1: ["FIDO_2_1"], 4: [1]},
    {1: ["FIDO_2_1"], 4: {1: 1}},
    {1: ["FIDO_2_1"], 5: "many"},
]


class Odd(SoftKey):
    """Says of itself what it likes."""

    said: Any = None

    def info(self) -> Any:
        return self.said


@pytest.mark.parametrize("said", [*ODD, [1], 7, "x" * 300], ids=str)
def test_a_getinfo_that_makes_no_sense_is_a_problem_and_no_crash(said: Any) -> None:
    software = Odd(script=quick())
    software.said = said
    info = opened(software).info()
    assert isinstance(info, KeyInfo)


def test_what_a_key_says_is_cut_and_cleaned() -> None:
    software = Odd(script=quick())
    software.said = {
        1: ["FIDO_2_1", "\x1b[2J" + "v" * 99, *["more"] * 50],
        3: bytes(16),
        4: {"clientPin": False},
        9: ["usb", "\u202enfc"],
        10: [{"alg": -7, "type": "public-key"}, {"alg": "x", "type": "public-key"}],
        0x0D: 99_999,
        0x0E: 2**63,
    }
    info = opened(software).info()
    assert len(info.versions) == 16
    assert info.versions[1].startswith("[2Jvvv")
    assert len(info.versions[1]) == 32
    assert info.transports == ("usb", "nfc")
    assert info.algorithms == (-7,)
    assert info.min_pin == 63
    assert info.aaguid == ""


def test_a_key_that_speaks_nothing_is_told() -> None:
    info = told(versions=())
    assert info.problem == "It speaks neither CTAP2 nor U2F."


@pytest.mark.parametrize(("at", "kind"), [("hang_at", Kind.SILENT), ("unplug_at", Kind.UNPLUGGED)])
def test_a_dead_key_raises(at: str, kind: Kind) -> None:
    software = SoftKey(script=quick())
    key = opened(software)
    setattr(software.script, at, "cbor:4")
    assert kind_of(key.info) is kind


@pytest.mark.parametrize(
    ("told", "firmware"),
    [
        (0, ""),
        (7, "7"),
        (0x050403, "5.4.3"),
        (0x01020304, "16909060"),
        (2**63, "9223372036854775808"),
    ],
)
def test_a_key_without_a_version_at_the_greeting_tells_it_itself(told: int, firmware: str) -> None:
    software = Odd(script=quick())
    software.said = {1: ["FIDO_2_1"], 3: bytes(16), 0x0E: told}
    key = opened(software)
    key._channel.version = (0, 0, 0)
    assert key.info().firmware == firmware


def test_a_key_that_takes_ctap2_and_names_no_version_of_it_is_not_used_without_its_pin() -> None:
    class Modest(SoftKey):
        def info(self) -> dict[int, Any]:
            return {**super().info(), 1: ["U2F_V2"]}

    info = opened(Modest(pin=PIN, script=quick())).info()
    assert info.problem == "It names no version of CTAP2."
