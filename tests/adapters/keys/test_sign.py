"""Signing a login's challenge."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from pve_auth_tui.core.keys import Phase, PinAsked
from pve_auth_tui.core.keytrouble import Kind
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.adapters.keys.parts import (
    ORIGIN,
    PIN,
    FakeHands,
    Server,
    at_touch,
    enrolled,
    ids,
    kind_of,
    opened,
    quick,
)

CTAP20 = ("U2F_V2", "FIDO_2_0")
ALL = [("FIDO_2_0", "FIDO_2_1"), CTAP20, ("U2F_V2",)]


def test_the_value_has_the_members_that_pve_wants_the_challenge_among_them() -> None:
    server, key = Server(), opened(SoftKey(script=quick()))
    made = enrolled(key, server)
    asked = server.request()
    signed = key.sign(asked, ORIGIN, FakeHands())
    value = json.loads(signed.value)
    assert list(value) == ["id", "type", "rawId", "challenge", "response"]
    assert list(value["response"]) == ["authenticatorData", "clientDataJSON", "signature"]
    assert value["challenge"] == asked["challenge"]
    assert signed.credential == made.credential
    assert "=" not in signed.value
    client = base64.urlsafe_b64decode(value["response"]["clientDataJSON"] + "==")
    assert client == signed.client
    assert json.loads(client) == {
        "type": "webauthn.get",
        "challenge": asked["challenge"],
        "origin": ORIGIN,
        "crossOrigin": False,
    }


@pytest.mark.parametrize("versions", ALL)
def test_the_one_key_is_found_among_many_entries(versions: tuple[str, ...]) -> None:
    server, key = Server(), opened(SoftKey(versions=versions, script=quick()))
    for _ in range(9):
        enrolled(opened(SoftKey(script=quick())), server)
    made = enrolled(key, server)
    signed = key.sign(server.request(), ORIGIN, FakeHands())
    server.log_in(signed)
    assert signed.credential == made.credential


@pytest.mark.parametrize("versions", ALL)
def test_a_key_with_none_of_the_entries_is_not_the_one(versions: tuple[str, ...]) -> None:
    server = Server()
    enrolled(opened(SoftKey(script=quick())), server)
    key = opened(SoftKey(versions=versions, script=quick()))
    assert kind_of(key.sign, server.request(), ORIGIN, FakeHands()) is Kind.NOT_THIS_KEY


def test_a_challenge_without_keys_is_for_no_key() -> None:
    key = opened(SoftKey(script=quick()))
    assert kind_of(key.sign, Server().request(), ORIGIN, FakeHands()) is Kind.NOT_THIS_KEY


def test_a_pin_is_not_asked_for_at_a_login() -> None:
    software, server = SoftKey(versions=CTAP20, pin=PIN, script=quick()), Server()
    key = opened(software)
    enrolled(key, server, PIN)
    hands = FakeHands()
    server.log_in(key.sign(server.request(), ORIGIN, hands))
    assert Phase.PIN not in hands.phases


def test_a_key_that_always_verifies_asks_for_its_pin_until_it_is_right() -> None:
    software, server = SoftKey(pin=PIN, always_uv=True, script=quick()), Server()
    key = opened(software)
    enrolled(key, server, PIN)
    hands = FakeHands("0000", PIN)
    server.log_in(key.sign(server.request(), ORIGIN, hands))
    assert hands.asked == [PinAsked(8), PinAsked(7, wrong=True)]


class Terse(SoftKey):
    """Leaves out the only credential that it was asked for, as CTAP 2.0 lets it."""

    def _get_assertion(self, operation: Any, arguments: Any) -> Any:
        answer = super()._get_assertion(operation, arguments)
        if len(arguments.get(3) or ()) == 1:
            del answer[1]
        return answer


@pytest.mark.parametrize("others", [0, 3])
def test_a_key_that_leaves_its_only_credential_out_serves_as_well(others: int) -> None:
    server, key = Server(), opened(Terse(versions=CTAP20, script=quick()))
    for _ in range(others):
        enrolled(opened(SoftKey(script=quick())), server)
    made = enrolled(key, server)
    server.log_in(key.sign(server.request(), ORIGIN, FakeHands()))
    assert key.holding("example.com", [b"x" * 9, made.credential]) == {made.credential}
    assert kind_of(key.register, server.creation(), ORIGIN, FakeHands()) is Kind.ALREADY


def test_a_key_that_answers_for_another_credential_is_not_believed() -> None:
    class Wrong(SoftKey):
        def _get_assertion(self, operation: Any, arguments: Any) -> Any:
            answer = super()._get_assertion(operation, arguments)
            if arguments.get(5, {}).get("up", True):
                answer[1] = {"id": b"another", "type": "public-key"}
            return answer

    server, key = Server(), opened(Wrong(script=quick()))
    enrolled(key, server)
    assert kind_of(key.sign, server.request(), ORIGIN, FakeHands()) is Kind.KEY_ERROR


def test_a_key_that_has_ever_more_signatures_is_left_when_somebody_gives_up() -> None:
    class Endless(SoftKey):
        def _get_assertion(self, operation: Any, arguments: Any) -> Any:
            self._commands = {**self._commands, 0x08: self._get_next}
            self.last = super()._get_assertion(operation, arguments)
            return {**self.last, 5: 2**32}

        def _get_next(self, operation: Any, arguments: Any) -> Any:
            return self.last

    software, server = Endless(script=quick()), Server()
    key = opened(software)
    enrolled(key, server)
    hands = FakeHands(gives_up=lambda _: software.log.count("cbor:0x08") > 50)
    assert kind_of(key.sign, server.request(), ORIGIN, hands) is Kind.CANCELLED


@pytest.mark.parametrize("versions", ALL)
def test_giving_up_during_the_touch_ends_it(versions: tuple[str, ...]) -> None:
    software, server = SoftKey(versions=versions, script=quick()), Server()
    key = opened(software)
    enrolled(key, server)
    software.person.script = Script(touch="manual")
    hands = FakeHands(gives_up=at_touch)
    assert kind_of(key.sign, server.request(), ORIGIN, hands) is Kind.CANCELLED


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ({"touch": "deny"}, Kind.DECLINED),
        ({"touch": "never", "touch_timeout": 0.02}, Kind.TIMEOUT),
        ({"hang_at": "cbor:2"}, Kind.SILENT),
        ({"hang_at": "touch"}, Kind.SILENT),
        ({"unplug_at": "cbor:2"}, Kind.UNPLUGGED),
        ({"unplug_at": "touch"}, Kind.UNPLUGGED),
        ({"unplug_at": "read"}, Kind.UNPLUGGED),
    ],
    ids=str,
)
def test_what_goes_wrong_during_a_login(script: dict[str, Any], kind: Kind) -> None:
    software, server = SoftKey(script=quick()), Server()
    key = opened(software)
    enrolled(key, server)
    software.person.script = quick(**script)
    assert kind_of(key.sign, server.request(), ORIGIN, FakeHands()) is kind


@pytest.mark.parametrize("allowed", [[], None, {}, "all"])
def test_a_request_that_names_no_key_is_not_put_to_one(allowed: object) -> None:
    software = SoftKey(script=quick())
    hands = FakeHands()
    asked = {**Server().request(), "allowCredentials": allowed}
    assert kind_of(opened(software).sign, asked, ORIGIN, hands) is Kind.NOT_THIS_KEY
    assert hands.phases == []
    assert not [line for line in software.log if line.startswith("cbor:")]


@pytest.mark.parametrize(
    "changed",
    [
        {"challenge": None},
        {"rpId": None, "challenge": "%"},
        {"allowCredentials": [1]},
        {"allowCredentials": [{"id": 7}]},
    ],
    ids=str,
)
def test_a_request_that_cannot_be_read_is_the_servers(changed: dict[str, Any]) -> None:
    key = opened(SoftKey(script=quick()))
    asked = {**Server().request(allowCredentials=ids(b"some")), **changed}
    assert kind_of(key.sign, asked, ORIGIN, FakeHands()) is Kind.SERVER
