"""PIN, fingers and tokens of the software key, asked by python-fido2 in both PIN protocols."""

from __future__ import annotations

from typing import Any

import pytest
from fido2.client import ClientError, PinRequiredError
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2

from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.simnode.fidoclient import RP, Site, device, pin_of

ERR = CtapError.ERR
PIN = "123456"
MAKE, GET = ClientPin.PERMISSION.MAKE_CREDENTIAL, ClientPin.PERMISSION.GET_ASSERTION
ASKED = {
    "rp": {"id": RP},
    "user": {"id": b"x", "name": "x"},
    "key_params": [{"type": "public-key", "alg": -7}],
}


def key(**parts: Any) -> SoftKey:
    return SoftKey(script=Script(touch_delay=0.02), **parts)


def refusal(call: Any, *args: Any, **named: Any) -> CtapError.ERR:
    with pytest.raises(CtapError) as caught:
        call(*args, **named)
    return caught.value.code


@pytest.mark.parametrize("protocol", [1, 2])
@pytest.mark.parametrize("versions", [("FIDO_2_0",), ("FIDO_2_0", "FIDO_2_1")])
def test_a_pin_verifies_in_both_protocols(protocol: int, versions: tuple[str, ...]) -> None:
    site = Site(key(versions=versions, pin_protocols=(protocol,), pin=PIN), PIN, PIN)
    assert site.register("required").is_user_verified()
    assert site.sign("required").is_user_verified()
    assert site.owner.asked == ["pin", "touch", "pin", "touch"]


@pytest.mark.parametrize(
    ("parts", "asked"),
    [
        ({"pin": PIN}, ["touch"]),
        ({"pin": PIN, "make_cred_uv_not_rqd": False}, ["pin", "touch"]),
        ({"pin": PIN, "versions": ("FIDO_2_0",)}, ["pin", "touch"]),
        ({"pin": PIN, "always_uv": True}, ["pin", "touch"]),
        ({"builtin_uv": True, "make_cred_uv_not_rqd": False}, ["finger", "touch"]),
        ({}, ["touch"]),
    ],
)
def test_who_is_verified_although_the_server_does_not_ask_for_it(
    parts: dict[str, Any], asked: list[str]
) -> None:
    site = Site(key(**parts), PIN)
    assert site.register().is_user_verified() == (asked[0] != "touch")
    assert [each for each in site.owner.asked if each in asked] == asked[: len(site.owner.asked)]
    assert site.owner.asked[0] == asked[0]


def test_an_always_verifying_key_without_a_pin_registers_nothing() -> None:
    with pytest.raises((ClientError, PinRequiredError)) as caught:
        Site(key(always_uv=True)).register()
    assert caught.value.code == ClientError.ERR.CONFIGURATION_UNSUPPORTED
    asked = {"client_data_hash": b"h" * 32, **ASKED}
    assert refusal(Ctap2(device(key(always_uv=True))).make_credential, **asked) == ERR.PUAT_REQUIRED


@pytest.mark.parametrize("protocol", [1, 2])
def test_tries_are_counted_three_wrong_in_a_row_want_a_replug_and_the_eighth_blocks(
    protocol: int,
) -> None:
    one = key(pin=PIN)
    ask = pin_of(one, protocol)
    assert refusal(ask.get_pin_token, "0000") == ERR.PIN_INVALID
    assert ask.get_pin_retries() == (7, None)
    assert ask.get_pin_token(PIN, GET, RP)
    assert ask.get_pin_retries() == (8, None)
    for _ in range(2):
        assert refusal(ask.get_pin_token, "0000") == ERR.PIN_INVALID
    assert refusal(ask.get_pin_token, "0000") == ERR.PIN_AUTH_BLOCKED
    assert ask.get_pin_retries() == (5, True)
    assert refusal(ask.get_pin_token, PIN) == ERR.PIN_AUTH_BLOCKED
    one.replug()
    assert ask.get_pin_retries() == (5, None)
    for _ in range(2):
        assert refusal(ask.get_pin_token, "0000") == ERR.PIN_INVALID
    one.replug()
    for _ in range(2):
        assert refusal(ask.get_pin_token, "0000") == ERR.PIN_INVALID
    assert refusal(ask.get_pin_token, "0000") == ERR.PIN_BLOCKED
    one.replug()
    assert refusal(ask.get_pin_token, PIN) == ERR.PIN_BLOCKED


@pytest.mark.parametrize("protocol", [1, 2])
def test_a_pin_is_set_once_and_changed_by_who_knows_it(protocol: int) -> None:
    one = key(min_pin=6)
    ask = pin_of(one, protocol)
    assert refusal(ask.get_pin_token, PIN) == ERR.PIN_NOT_SET
    assert refusal(ask.set_pin, "12345") == ERR.PIN_POLICY_VIOLATION
    ask.set_pin("schlüß")  # characters are counted, not bytes
    assert refusal(ask.set_pin, PIN) == ERR.PIN_AUTH_INVALID
    assert refusal(ask.change_pin, PIN, "654321") == ERR.PIN_INVALID
    ask.change_pin("schlüß", "654321")
    assert ask.get_pin_token("654321", GET, RP)
    assert Ctap2(device(one)).info.min_pin_length == 6


def test_a_pin_that_must_be_changed_opens_nothing_before() -> None:
    one = key(pin=PIN, must_change_pin=True)
    assert Ctap2(device(one)).info.force_pin_change
    ask = pin_of(one)
    assert refusal(ask.get_pin_token, PIN, GET, RP) == ERR.PIN_POLICY_VIOLATION
    assert refusal(ask.change_pin, PIN, PIN) == ERR.PIN_POLICY_VIOLATION
    ask.change_pin(PIN, "654321")
    assert ask.get_pin_token("654321", GET, RP)
    assert not Ctap2(device(one)).info.force_pin_change


def test_a_finger_that_is_not_known_may_be_tried_three_times() -> None:
    ask = pin_of(key(builtin_uv=True, bad_fingers=3, pin=PIN))
    assert refusal(ask.get_uv_token, GET, RP) == ERR.UV_INVALID
    assert ask.get_uv_retries() == 2
    assert refusal(ask.get_uv_token, GET, RP) == ERR.UV_INVALID
    assert refusal(ask.get_uv_token, GET, RP) == ERR.UV_BLOCKED
    assert refusal(ask.get_uv_token, GET, RP) == ERR.UV_BLOCKED


def test_a_finger_is_as_good_as_a_touch() -> None:
    one = key(builtin_uv=True)
    site = Site(one)
    site.register("required")
    site.sign("required")
    assert [line for line in one.log if line.startswith("touched")] == ["touched:uv"] * 2


def test_the_right_pin_gives_the_fingers_their_tries_back() -> None:
    one = key(builtin_uv=True, bad_fingers=3, pin=PIN)
    ask = pin_of(one)
    for _ in range(3):
        refusal(ask.get_uv_token, GET, RP)
    assert ask.get_pin_token(PIN, GET, RP)
    assert ask.get_uv_token(GET, RP)


def test_a_sensor_of_an_older_key_is_asked_by_an_option() -> None:
    one = key(versions=("FIDO_2_0",), builtin_uv=True)
    made = Ctap2(device(one)).make_credential(b"h" * 32, **ASKED, options={"uv": True})
    assert made.auth_data.is_user_verified()
    asked = {1: 2, 2: 6, 3: {}, 9: 2, 10: RP}
    assert refusal(Ctap2(device(one)).send_cbor, 0x06, asked) == ERR.INVALID_SUBCOMMAND


def test_a_key_without_a_sensor_takes_no_such_option() -> None:
    call = Ctap2(device(key())).make_credential
    assert refusal(call, b"h" * 32, **ASKED, options={"uv": True}) == ERR.INVALID_OPTION


def make_with(one: SoftKey, ask: ClientPin, token: bytes, rp_id: str = RP) -> Any:
    said = b"h" * 32
    return Ctap2(device(one)).make_credential(
        said,
        {"id": rp_id},
        ASKED["user"],
        ASKED["key_params"],
        pin_uv_param=ask.protocol.authenticate(token, said),
        pin_uv_protocol=ask.protocol.VERSION,
    )


def test_a_token_is_good_for_what_it_was_given_for_and_once() -> None:
    one = key(pin=PIN, counter_start=1)
    ask = pin_of(one)
    assert refusal(make_with, one, ask, b"x" * 32) == ERR.PIN_AUTH_INVALID
    token = ask.get_pin_token(PIN, GET, RP)
    assert refusal(make_with, one, ask, token) == ERR.PIN_AUTH_INVALID
    token = ask.get_pin_token(PIN, MAKE, RP)
    assert refusal(make_with, one, ask, token, "example.org") == ERR.PIN_AUTH_INVALID
    assert make_with(one, ask, token).auth_data.is_user_verified()
    assert refusal(make_with, one, ask, token) == ERR.PIN_AUTH_INVALID
    token = ask.get_pin_token(PIN, MAKE, RP)
    one.replug()
    assert refusal(make_with, one, ask, token) == ERR.PIN_AUTH_INVALID


def test_a_token_of_an_older_key_belongs_to_the_first_who_uses_it() -> None:
    one = key(pin=PIN, versions=("FIDO_2_0",))
    ask = pin_of(one)
    token = ask.get_pin_token(PIN)
    assert make_with(one, ask, token).auth_data.is_user_verified()
    assert refusal(make_with, one, ask, token, "example.org") == ERR.PIN_AUTH_INVALID


def test_a_token_with_permissions_needs_them_and_a_site() -> None:
    ask = pin_of(key(pin=PIN))
    assert refusal(ask.get_pin_token, PIN, ClientPin.PERMISSION(0), RP) == ERR.INVALID_PARAMETER
    assert refusal(ask.get_pin_token, PIN, MAKE) == ERR.MISSING_PARAMETER
