"""Setting and changing a key's PIN."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.core.keys import PinAsked, PinState
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.status import Refusal, Status
from tests.adapters.keys.parts import (
    ORIGIN,
    PIN,
    FakeHands,
    Server,
    enrolled,
    kind_of,
    opened,
    quick,
)

CTAP20 = ("U2F_V2", "FIDO_2_0")
NEW = Secret("neu-5678")
OLD = Secret(PIN)
TOKENS = [
    pytest.param(versions, protocols, id=f"{versions[-1]} protocol {protocols}")
    for versions in (CTAP20, ("FIDO_2_0", "FIDO_2_1"))
    for protocols in ((1,), (2,), (2, 1))
]


@pytest.mark.parametrize(("versions", "protocols"), TOKENS)
def test_the_first_pin_is_set_then_changed_then_used(
    versions: tuple[str, ...], protocols: tuple[int, ...]
) -> None:
    software = SoftKey(
        versions=versions, pin_protocols=protocols, make_cred_uv_not_rqd=False, script=quick()
    )
    key = opened(software)
    key.set_pin(OLD)
    assert key.info().pin is PinState.SET
    key.set_pin(NEW, OLD)
    hands = FakeHands(NEW.reveal())
    enrolled(key, Server(), NEW.reveal())
    key.register(Server().creation(), "https://example.com", hands)
    assert len(hands.asked) == 1


def test_a_pin_reaches_the_key_in_one_form_however_it_is_typed() -> None:
    software = SoftKey(script=quick())
    opened(software).set_pin(Secret("gru\u0308n"))
    expected = SoftKey(pin="gr\u00fcn")
    assert software.pin.hash == expected.pin.hash


@pytest.mark.parametrize("short", ["", "123", "12345", "ü" * 32, "x" * 64, "1234\x0056", "\ud800"])
def test_a_pin_that_the_key_would_refuse_is_not_sent(short: str) -> None:
    software = SoftKey(min_pin=6, script=quick())
    with pytest.raises(KeyTrouble) as caught:
        opened(software).set_pin(Secret(short))
    assert caught.value.kind is Kind.PIN_POLICY
    assert caught.value.hint == "At least 6 characters, at most 63 bytes."
    assert "pin:3" not in software.log


def test_sixty_three_bytes_are_not_too_many() -> None:
    software = SoftKey(script=quick())
    key = opened(software)
    key.set_pin(Secret("ü" * 31 + "x"))
    assert key.info().pin is PinState.SET


def test_a_pin_that_the_key_refuses_is_told() -> None:
    software = SoftKey(pin=PIN, must_change_pin=True, script=quick())
    assert kind_of(opened(software).set_pin, OLD, OLD) is Kind.PIN_POLICY


def test_a_changed_pin_is_what_the_key_wanted() -> None:
    software = SoftKey(pin=PIN, must_change_pin=True, script=quick())
    key = opened(software)
    key.set_pin(NEW, OLD)
    assert not key.info().must_change_pin


def test_wrong_old_pins_count_down_and_then_the_key_wants_to_be_unplugged() -> None:
    software = SoftKey(pin=PIN, script=quick())
    key = opened(software)
    hints = []
    for _ in range(2):
        with pytest.raises(KeyTrouble) as caught:
            key.set_pin(NEW, Secret("0000"))
        assert caught.value.kind is Kind.PIN_WRONG
        hints.append(caught.value.hint)
    assert hints == ["Type it again: 7 tries left.", "Type it again: 6 tries left."]
    assert kind_of(key.set_pin, NEW, Secret("0000")) is Kind.PIN_REPLUG
    assert kind_of(key.set_pin, NEW, OLD) is Kind.PIN_REPLUG
    software.replug()
    key.set_pin(NEW, OLD)


def test_the_last_try_is_named_and_then_it_is_blocked() -> None:
    software = SoftKey(pin=PIN, pin_retries=2, script=quick())
    key = opened(software)
    with pytest.raises(KeyTrouble, match="not the key's PIN") as caught:
        key.set_pin(NEW, Secret("0000"))
    assert caught.value.hint == "Type it again: 1 try left."
    assert kind_of(key.set_pin, NEW, Secret("0000")) is Kind.PIN_BLOCKED
    tried = software.log.count("pin:4")
    assert kind_of(key.set_pin, NEW, OLD) is Kind.PIN_BLOCKED
    assert software.log.count("pin:4") == tried  # it is not even sent


def test_an_old_pin_that_no_key_can_have_costs_no_try() -> None:
    software = SoftKey(pin=PIN, script=quick())
    assert kind_of(opened(software).set_pin, NEW, Secret("123")) is Kind.PIN_WRONG
    assert software.pin.tries == 8


@pytest.mark.parametrize(
    ("how", "old", "kind"),
    [
        ({"versions": ("U2F_V2",)}, None, Kind.UNSUPPORTED),
        ({"pin_protocols": ()}, None, Kind.UNSUPPORTED),
        ({}, OLD, Kind.PIN_MISSING),
        ({"pin": PIN}, None, Kind.PIN_CHANGE),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_told(how: dict[str, Any], old: Any, kind: Kind) -> None:
    software = SoftKey(script=quick(), **how)
    assert kind_of(opened(software).set_pin, NEW, old) is kind
    assert not {"pin:3", "pin:4"} & set(software.log)


class Counts(SoftKey):
    """Tells these tries, one after the other; None refuses to."""

    tells: list[int | None]

    def _client_pin(self, operation: Any, arguments: Any) -> Any:
        if arguments.get(2) != 1:
            return super()._client_pin(operation, arguments)
        told = self.tells.pop(0)
        if told is None:
            raise Refusal(Status.INVALID_SUBCOMMAND)
        return {3: told}


@pytest.mark.parametrize(
    ("tells", "kind", "hint"),
    [
        ([None, None], Kind.PIN_WRONG, "Type it again."),
        ([8, 0], Kind.PIN_BLOCKED, KeyTrouble(Kind.PIN_BLOCKED).hint),
        ([-1, 2**40], Kind.PIN_WRONG, "Type it again."),
    ],
)
def test_a_key_that_counts_oddly(tells: list[int | None], kind: Kind, hint: str) -> None:
    software = Counts(pin=PIN, script=quick())
    software.tells = tells
    with pytest.raises(KeyTrouble) as caught:
        opened(software).set_pin(NEW, Secret("0000"))
    assert (caught.value.kind, caught.value.hint) == (kind, hint)


def test_tries_that_are_not_told_are_not_made_up() -> None:
    software = Counts(pin=PIN, always_uv=True, script=quick())
    software.tells = [None]
    hands = FakeHands(PIN)
    opened(software).register(Server().creation(), ORIGIN, hands)
    assert hands.asked == [PinAsked(None)]


@pytest.mark.parametrize(("at", "kind"), [("hang_at", Kind.SILENT), ("unplug_at", Kind.UNPLUGGED)])
def test_a_dead_key_raises(at: str, kind: Kind) -> None:
    software = SoftKey(script=quick())
    key = opened(software)
    setattr(software.script, at, "cbor:6")
    assert kind_of(key.set_pin, NEW) is kind
