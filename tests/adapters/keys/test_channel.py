"""CTAPHID: others' traffic, keys that are slow, busy, dead or mad, and giving up."""

from __future__ import annotations

import errno
import threading
from typing import Any

import pytest
from fido2.ctap import CtapError
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.adapters.keys.parts import (
    ORIGIN,
    QUICK,
    FakeHands,
    Server,
    at_touch,
    enrolled,
    kind_of,
    opened,
    plugged,
    quick,
)
from tests.adapters.keys.wires import (
    CANCEL,
    CBOR,
    CHANNEL,
    ERROR,
    INIT,
    KEEPALIVE,
    ToldWire,
    message,
    more,
    report,
    welcome,
)

SOON = 0.05
BUSY = report(CHANNEL, ERROR, b"\x06")


def talk(*answers: object) -> tuple[ToldWire, Channel]:
    wire = ToldWire(*answers)
    return wire, Channel(wire, SOON)


def ask(channel: Channel, data: bytes = b"\x04") -> bytes:
    with channel.watched(5.0):
        return channel.call(CBOR, data)


def test_the_greeting_tells_version_and_abilities() -> None:
    _, channel = talk()
    assert channel.version == (5, 4, 3)
    assert (channel.ctap2, channel.u2f) == (True, True)


@settings(max_examples=40)
@given(st.binary(max_size=7609), st.binary(min_size=1, max_size=7609))
def test_messages_of_any_length_go_there_and_back(there: bytes, back: bytes) -> None:
    wire, channel = talk(message(CHANNEL, CBOR, back))
    sent = b"\x04" + there[:7608]
    assert ask(channel, sent) == back
    first, *rest = wire.sent[1:]
    whole = first[7:] + b"".join(one[5:] for one in rest)
    assert whole[: len(sent)] == sent
    assert [one[4] for one in rest] == [n & 0x7F for n in range(len(rest))]


def test_a_request_that_is_too_long_is_not_sent() -> None:
    wire, channel = talk()
    assert kind_of(ask, channel, b"\x04" * 7610) is Kind.KEY_ERROR
    assert [one[4] for one in wire.sent] == [0x80 | INIT, 0x80 | CANCEL]


def test_what_others_talk_with_the_key_is_not_heard() -> None:
    theirs = [
        report(0xDEADBEEF, CBOR, b"\x27"),
        more(0xDEADBEEF, 0, b"x"),
        report(0xDEADBEEF, ERROR, b"\x06"),
        b"short",
        report(0xFFFFFFFF, INIT, b"nonce---" + bytes(9)),
        more(CHANNEL, 0, b"an old answer's end"),
    ]
    ours = message(CHANNEL, CBOR, b"\x00" + b"y" * 100)
    mixed = [one for pair in zip(theirs, theirs, strict=True) for one in pair]
    _, channel = talk([*mixed, ours[0], *theirs[:5], ours[1]])
    assert ask(channel) == b"\x00" + b"y" * 100


def test_somebody_elses_greeting_is_not_ours() -> None:
    def both(data: bytes) -> list[bytes]:
        return [welcome(b"somebody", 0x77), welcome(data[7:15])]

    wire = ToldWire(both, message(CHANNEL, CBOR, b"\x00"), greet=False)
    assert ask(Channel(wire, SOON)) == b"\x00"


def test_a_greeting_without_a_channel_is_refused() -> None:
    wire = ToldWire(lambda data: [welcome(data[7:15], 0xFFFFFFFF)], greet=False)
    assert kind_of(Channel, wire, SOON) is Kind.KEY_ERROR


def test_a_busy_greeting_is_repeated_and_then_told() -> None:
    busy = [report(0xFFFFFFFF, ERROR, b"\x06")]
    wire = ToldWire(busy, busy, lambda data: [welcome(data[7:15])], greet=False)
    assert Channel(wire, 1.0).ctap2
    always = ToldWire(*[busy] * 99, greet=False)
    assert kind_of(Channel, always, SOON) is Kind.BUSY


def test_a_busy_key_is_asked_again() -> None:
    wire = ToldWire([BUSY], [BUSY], message(CHANNEL, CBOR, b"\x00"))
    assert ask(Channel(wire, 1.0)) == b"\x00"


def test_a_key_that_stays_busy_is_told() -> None:
    _, channel = talk(*[[BUSY]] * 99)
    assert kind_of(ask, channel) is Kind.BUSY


def test_giving_up_ends_the_asking_of_a_busy_key() -> None:
    wire = ToldWire(*[[BUSY]] * 99)
    channel = Channel(wire, 60.0)

    def call() -> None:
        with channel.watched(60.0, lambda: len(wire.sent) > 2):
            channel.call(CBOR, b"\x04")

    assert kind_of(call) is Kind.CANCELLED


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([], Kind.SILENT),
        ([report(CHANNEL, 0x03, b"other command")], Kind.KEY_ERROR),
        ([report(CHANNEL, CBOR, b"x", 7610)], Kind.KEY_ERROR),
        ([report(CHANNEL, CBOR, b"x" * 57, 70), more(CHANNEL, 1, b"x")], Kind.KEY_ERROR),
        ([report(CHANNEL, CBOR, b"x" * 57, 70), report(CHANNEL, CBOR, b"x")], Kind.KEY_ERROR),
        ([report(CHANNEL, CBOR, b"x" * 57, 70)], Kind.SILENT),
        ([report(CHANNEL, KEEPALIVE, b"\x01")], Kind.SILENT),
        ([b""], Kind.UNPLUGGED),
        (OSError(errno.ENODEV, "gone"), Kind.UNPLUGGED),
        (OSError(errno.EIO, "gone"), Kind.UNPLUGGED),
        (OSError(errno.ETIMEDOUT, "slow"), Kind.SILENT),
        (OSError(errno.EPERM, "no"), Kind.NOT_ALLOWED),
        (OSError(errno.EBUSY, "busy"), Kind.BUSY),
        (OSError("odd"), Kind.KEY_ERROR),
    ],
    ids=str,
)
def test_what_a_broken_answer_means(answer: object, kind: Kind) -> None:
    _, channel = talk(answer)
    assert kind_of(ask, channel) is kind


def test_an_error_of_the_transport_is_a_status() -> None:
    _, channel = talk([report(CHANNEL, ERROR, b"\x0b")])
    with pytest.raises(CtapError) as caught:
        ask(channel)
    assert caught.value.code == 0x0B


def test_a_key_that_only_ever_works_on_a_quick_question_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pve_auth_tui.adapters.keys.fido.channel._QUICK", SOON)

    class Works(ToldWire):
        def read(self, seconds: float) -> bytes:
            return report(CHANNEL, KEEPALIVE, b"\x01") if len(self.sent) > 1 else super().read(0)

    channel = Channel(Works(), 60.0)
    with channel.watched(20 * SOON, late=Kind.TIMEOUT):
        assert kind_of(channel.call, CBOR, b"\x04") is Kind.SILENT


def test_a_flood_of_others_reports_does_not_hold_anybody_for_ever() -> None:
    class Flood(ToldWire):
        def read(self, seconds: float) -> bytes:
            if len(self.sent) > 1:
                return report(0xDEADBEEF, KEEPALIVE, b"\x02")
            return super().read(0)

    assert kind_of(ask, Channel(Flood(), SOON)) is Kind.SILENT


def test_a_late_answer_is_not_the_next_ones() -> None:
    late = message(CHANNEL, CBOR, b"late")

    class Late(ToldWire):
        def write(self, data: bytes) -> None:
            if data[4] == 0x80 | INIT and len(self.sent) > 1:
                self._queue.extend(late)
                self.sent.append(data)
                self._queue.append(welcome(data[7:15], CHANNEL + 1))
                return
            super().write(data)

    wire = Late([], message(CHANNEL + 1, CBOR, b"right"))
    channel = Channel(wire, SOON)
    assert kind_of(ask, channel) is Kind.SILENT
    assert ask(channel) == b"right"


def test_a_key_does_one_thing_at_a_time() -> None:
    _, channel = talk()
    with channel.watched(5.0):
        assert kind_of(ask, channel) is Kind.BUSY


def test_a_closed_key_answers_nothing_and_its_device_is_given_back() -> None:
    wire, channel = talk(message(CHANNEL, CBOR, b"\x00"))
    channel.close()
    assert wire.closed
    assert kind_of(ask, channel) is Kind.CANCELLED


def test_closing_ends_what_runs_and_then_gives_the_device_back() -> None:
    software = SoftKey(script=Script(touch="manual"))
    key = opened(software)
    hands = FakeHands(gives_up=lambda hands: at_touch(hands) and bool(key.close()))
    assert kind_of(key.register, Server().creation(), ORIGIN, hands) is Kind.CANCELLED
    assert "cancelled" in software.log


def test_an_interrupted_program_leaves_no_blinking_key() -> None:
    software = SoftKey(script=Script(touch="manual"))

    def interrupt(hands: FakeHands) -> bool:
        if at_touch(hands):
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        opened(software).register(Server().creation(), ORIGIN, FakeHands(gives_up=interrupt))
    assert "cancelled" in software.log


def test_foreign_packets_do_not_disturb_an_enrolment() -> None:
    server = Server()
    key = opened(SoftKey(script=quick(foreign_traffic=True)))
    enrolled(key, server)
    server.log_in(key.sign(server.request(), ORIGIN, FakeHands()))


def test_a_key_that_is_busy_for_a_moment_is_registered() -> None:
    software = SoftKey(script=quick())
    key = opened(software, 2.0)
    software.script.busy_for = 3
    enrolled(key, Server())


def test_two_programs_at_one_key_get_their_own_answers() -> None:
    software = SoftKey(script=Script(touch="manual", keepalive=0.01))
    bus, [path] = plugged(software)
    first, second = UsbKeys(bus, QUICK).open(path), UsbKeys(bus, QUICK).open(path)
    waits = threading.Event()
    hands = FakeHands(gives_up=lambda hands: at_touch(hands) and bool(waits.set()))
    server = Server()
    made: list[Any] = []
    work = threading.Thread(
        target=lambda: made.append(first.register(server.creation(), ORIGIN, hands))
    )
    work.start()
    waits.wait()
    assert kind_of(second.info) is Kind.BUSY
    software.press()
    work.join()
    server.enrol(made[0])
    assert second.info().is_ctap2


@pytest.mark.parametrize("at", ["hang_at", "unplug_at"])
def test_a_key_that_dies_at_the_greeting_is_told(at: str) -> None:
    software = SoftKey(script=quick(**{at: "init"}))
    kind = Kind.SILENT if at == "hang_at" else Kind.UNPLUGGED
    assert kind_of(opened, software) is kind


def test_a_device_that_cannot_be_written_to_is_told() -> None:
    class Deaf(ToldWire):
        def write(self, data: bytes) -> None:
            raise OSError(errno.EPIPE, "broken")

    wire = Deaf()
    assert kind_of(Channel, wire, SOON) is Kind.UNPLUGGED


def test_a_key_that_does_not_greet_is_given_back() -> None:
    bus, [path] = plugged(SoftKey(script=quick()))
    wire = ToldWire(greet=False)
    bus.open = lambda path: wire  # type: ignore[method-assign]
    assert kind_of(UsbKeys(bus, SOON).open, path) is Kind.SILENT
    assert wire.closed == 1


def test_only_the_scans_keys_are_opened() -> None:
    bus, [path] = plugged(SoftKey(script=quick()))
    keys = UsbKeys(bus, QUICK)
    opens, tried = bus.open, list[str]()
    bus.open = lambda path: tried.append(path) or opens(path)  # type: ignore[method-assign,func-returns-value]
    assert kind_of(keys.open, "/etc/shadow") is Kind.UNPLUGGED
    assert tried == []
    bus.denied.add(path)
    assert kind_of(keys.open, path) is Kind.NOT_ALLOWED
    bus.pull(path)
    assert kind_of(keys.open, path) is not None


def test_a_bus_that_fails_is_told() -> None:
    class Broken:
        def look(self) -> Any:
            raise RecursionError

        def open(self, path: str) -> Any:
            raise AssertionError("never")

    keys: Any = UsbKeys(Broken())
    with pytest.raises(KeyTrouble):
        keys.scan()
