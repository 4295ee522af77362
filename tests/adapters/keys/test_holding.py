"""Which entries are on a key: asked silently."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest
from fido2 import cbor

from pve_auth_tui.adapters.keys.fido import channel
from pve_auth_tui.core.keytrouble import Kind
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.credential import rp_hash
from tests.adapters.keys.parts import PIN, RP_ID, kind_of, opened, quick

CTAP20 = ("U2F_V2", "FIDO_2_0")


def made(software: SoftKey, count: int, rp_id: str = RP_ID) -> list[bytes]:
    return [software.new_credential(rp_hash(rp_id), -7).id for _ in range(count)]


@pytest.mark.parametrize("versions", [("FIDO_2_0", "FIDO_2_1"), CTAP20, ("U2F_V2",)])
@pytest.mark.parametrize("pin", [None, PIN])
def test_all_that_it_holds_are_found_among_others(
    versions: tuple[str, ...], pin: str | None
) -> None:
    software = SoftKey(versions=versions, pin=pin, script=quick(touch="never"))
    held = made(software, 11)
    elsewhere = made(software, 2, "example.net")
    asked = [b"x" * size for size in (1, 64, 128, 255, 256, 1023)]
    found = opened(software).holding(RP_ID, [*asked, *held, *elsewhere, b"", *held])
    assert found == set(held)
    assert not [line for line in software.log if "touch-wait" in line]


def test_nothing_is_asked_where_there_is_nothing_to_ask_for() -> None:
    software = SoftKey(script=quick())
    assert opened(software).holding(RP_ID, []) == frozenset()
    assert "cbor:0x02" not in software.log


def test_pieces_are_no_larger_than_the_key_takes() -> None:
    class Small(SoftKey):
        asked: list[int]

        def info(self) -> dict[int, Any]:
            return {**super().info(), 7: 3, 8: 100}

        def _get_assertion(self, operation: Any, arguments: Any) -> Any:
            self.asked.append(len(arguments[3]))
            assert all(len(one["id"]) <= 100 for one in arguments[3])
            return super()._get_assertion(operation, arguments)

    software = Small(script=quick())
    software.asked = []
    [held] = made(software, 1)
    asked = [bytes([n]) * 70 for n in range(7)]
    assert opened(software).holding(RP_ID, [*asked, b"y" * 101, held]) == {held}
    assert max(software.asked) == 3


def test_a_piece_that_is_too_large_is_asked_in_smaller_ones() -> None:
    class Tight(SoftKey):
        def cbor(self, operation: Any, request: bytes) -> bytes:
            if request[0] == 2 and len(cbor.decode(request[1:])[3]) > 2:
                return b"\x39"  # REQUEST_TOO_LARGE
            return super().cbor(operation, request)

    software = Tight(script=quick())
    held = made(software, 5)
    assert opened(software).holding(RP_ID, held) == set(held)


@pytest.mark.parametrize("status", [0x27, 0x2C, 0x36, 0x3B, 0x7F, 0xF1])
def test_a_key_that_tells_nothing_silently_holds_none(status: int) -> None:
    software = SoftKey(script=quick(force_status={2: status}))
    held = made(software, 2)
    assert opened(software).holding(RP_ID, held) == frozenset()


def test_a_key_that_names_what_was_not_asked_for_is_not_believed() -> None:
    class Liar(SoftKey):
        def _get_assertion(self, operation: Any, arguments: Any) -> Any:
            return {**super()._get_assertion(operation, arguments), 1: {"id": b"other"}}

    software = Liar(script=quick())
    assert opened(software).holding(RP_ID, made(software, 3)) == frozenset()


@pytest.mark.parametrize(("versions", "point"), [(("FIDO_2_1",), "cbor:2"), (("U2F_V2",), "u2f:2")])
@pytest.mark.parametrize(("at", "kind"), [("hang_at", Kind.SILENT), ("unplug_at", Kind.UNPLUGGED)])
def test_a_dead_key_raises(versions: tuple[str, ...], point: str, at: str, kind: Kind) -> None:
    software = SoftKey(versions=versions, script=quick())
    held = made(software, 2)
    key = opened(software)
    setattr(software.script, at, point)
    assert kind_of(key.holding, RP_ID, held) is kind


@pytest.mark.parametrize("versions", [("FIDO_2_1",), CTAP20, ("U2F_V2",)])
def test_whoever_has_enough_ends_the_questions_and_gets_what_was_found(
    versions: tuple[str, ...],
) -> None:
    class Small(SoftKey):
        def info(self) -> dict[int, Any]:
            return {**super().info(), 7: 1}

    software = Small(versions=versions, script=quick())
    held = made(software, 4)
    told: list[int] = []

    def goes_on(asked: int) -> bool:
        told.append(asked)
        return asked < 2

    assert opened(software).holding(RP_ID, held, goes_on) == set(held[:2])
    assert told == [0, 1, 2]


def test_no_question_is_longer_than_the_key_says_that_it_takes() -> None:
    class Narrow(SoftKey):
        longest = 0

        def info(self) -> dict[int, Any]:
            return {**super().info(), 5: 1200, 7: 24, 8: 0}

        def cbor(self, operation: Any, request: bytes) -> bytes:
            self.longest = max(self.longest, len(request))
            return super().cbor(operation, request) if len(request) <= 1200 else b"\x03"

    software = Narrow(script=quick())
    held = made(software, 3)
    strangers = [bytes([n]) * 128 for n in range(40)]
    assert opened(software).holding("a" * 60 + ".example.com", strangers) == frozenset()
    assert opened(software).holding(RP_ID, [*strangers, *held]) == set(held)
    assert software.longest > 900


def test_many_questions_to_a_key_that_answers_are_no_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand of them take half a minute."""
    passed = 0.0
    monkeypatch.setattr(channel, "monotonic", lambda: monotonic() + passed)
    software = SoftKey(versions=("U2F_V2",), script=quick())
    key = opened(software)
    held = made(software, 40)

    def goes_on(asked: int) -> bool:
        nonlocal passed
        passed += 2.0
        return True

    assert key.holding(RP_ID, held, goes_on) == set(held)
