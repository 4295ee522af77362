"""CTAPHID as the software key speaks it, and that nothing it is told makes it stumble."""

from __future__ import annotations

import os
import struct
from typing import Any

import cbor2
import pytest
from fido2 import cbor as theirs
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.encoding import encode
from pve_auth_tui.simnode.softkey.script import Script
from pve_auth_tui.simnode.softkey.status import Unplugged
from pve_auth_tui.simnode.softkey.wire import Port, SoftWire
from pve_auth_tui.simnode.tfa import cbor as ours

EVERYBODY = 0xFFFFFFFF
PING, MSG, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR = 1, 3, 6, 8, 0x10, 0x11, 0x3B, 0x3F
SECONDS = 20.0  # far more than any answer takes


def key(**script: Any) -> SoftKey:
    return SoftKey(script=Script(**{"touch_delay": 0.02, **script}))


def reports(channel: int, command: int, payload: bytes) -> list[bytes]:
    """A message in as many reports as it takes (CTAP 2.1, 11.2.4)."""
    head = struct.pack(">IBH", channel, 0x80 | command, len(payload))
    found = [head + payload[:57]]
    for sequence, at in enumerate(range(57, len(payload), 59)):
        found.append(struct.pack(">IB", channel, sequence) + payload[at : at + 59])
    return [each.ljust(64, b"\0") for each in found]


class Host:
    """A program that has the key open; `channel` is its own."""

    def __init__(self, wire: SoftWire) -> None:
        self.wire = wire
        nonce = os.urandom(8)
        self.tell(INIT, nonce, EVERYBODY)
        while True:
            command, said = self.hear(EVERYBODY)
            if command == INIT and said[:8] == nonce:
                break
        [self.channel] = struct.unpack(">I", said[8:12])
        self.can = said[16]

    def tell(self, command: int, payload: bytes = b"", channel: int | None = None) -> None:
        for report in reports(self.channel if channel is None else channel, command, payload):
            self.wire.write(report)

    def hear(self, channel: int | None = None) -> tuple[int, bytes]:
        """The next message of a channel, keep-alives and others' left out."""
        mine = struct.pack(">I", self.channel if channel is None else channel)
        while True:
            report = self.wire.read(SECONDS)
            if report[:4] == mine and report[4] != 0x80 | KEEPALIVE:
                break
        length, said = int.from_bytes(report[5:7], "big"), report[7:]
        while len(said) < length:
            more = self.wire.read(SECONDS)
            said += more[5:] if more[:4] == mine else b""
        return report[4] & 0x7F, said[:length]

    def ask(self, command: int, payload: bytes = b"") -> tuple[int, bytes]:
        self.tell(command, payload)
        return self.hear()


def mistakes(one: SoftKey) -> list[str]:
    return [line for line in one.log if line.startswith("bug:")]


def test_a_long_message_comes_back_as_it_went() -> None:
    host = Host(SoftWire(key()))
    for size in (0, 1, 57, 58, 116, 117, 1200, 7609):
        payload = os.urandom(size)
        assert host.ask(PING, payload) == (PING, payload)


@pytest.mark.parametrize(
    ("versions", "can"),
    [(("U2F_V2", "FIDO_2_1"), 0x05), (("FIDO_2_0",), 0x0D), (("U2F_V2",), 0x01)],
)
def test_what_a_key_can_is_said_at_once(versions: tuple[str, ...], can: int) -> None:
    assert Host(SoftWire(SoftKey(versions=versions))).can == can


def test_a_command_that_a_key_does_not_know_is_refused() -> None:
    host = Host(SoftWire(SoftKey(versions=("U2F_V2",))))
    assert host.ask(CBOR, b"\x04") == (ERROR, b"\x01")
    assert host.ask(0x20) == (ERROR, b"\x01")
    assert host.ask(WINK) == (WINK, b"")
    assert Host(SoftWire(SoftKey(versions=("FIDO_2_0",)))).ask(MSG, bytes(7)) == (ERROR, b"\x01")


def test_a_channel_that_nobody_was_given_is_refused() -> None:
    host = Host(SoftWire(key()))
    host.tell(PING, b"x", host.channel + 1)
    assert host.hear(host.channel + 1) == (ERROR, b"\x0b")


def test_reports_in_the_wrong_order_end_a_message() -> None:
    host = Host(SoftWire(key()))
    sent = reports(host.channel, PING, bytes(200))
    for report in (sent[0], sent[2]):
        host.wire.write(report)
    assert host.hear() == (ERROR, b"\x04")
    assert host.ask(PING, b"again") == (PING, b"again")


def test_a_message_that_is_too_long_is_refused() -> None:
    host = Host(SoftWire(key()))
    host.wire.write(reports(host.channel, PING, bytes(7610))[0])
    assert host.hear() == (ERROR, b"\x03")


def test_one_conversation_at_a_time_and_all_openers_hear_it() -> None:
    port = Port(key(touch="manual"))
    one, other = Host(port.open()), Host(port.open())
    assert one.channel != other.channel
    one.tell(CBOR, b"\x0b")
    assert other.ask(PING, b"x") == (ERROR, b"\x06")
    one.tell(CANCEL)
    assert one.hear() == (CBOR, b"\x2d")
    assert other.hear(one.channel) == (CBOR, b"\x2d")
    assert other.ask(PING, b"x") == (PING, b"x")


def test_a_cancel_ends_the_wait_for_a_touch_and_those_of_others_do_not() -> None:
    one = key(touch="manual")
    port = Port(one)
    host, other = Host(port.open()), Host(port.open())
    host.tell(CBOR, b"\x0b")
    while "touch-wait:selection" not in one.log:
        host.wire.read(SECONDS)
    other.tell(CANCEL)
    one.press()
    assert host.hear() == (CBOR, b"\0")


def test_a_channel_that_is_taken_anew_gets_no_answer_of_before() -> None:
    host = Host(SoftWire(key(touch="manual")))
    host.tell(CBOR, b"\x0b")
    host.tell(INIT, b"nonce..8")
    command, said = host.hear()
    assert (command, said[:8]) == (INIT, b"nonce..8")
    while host.ask(PING, b"x") == (ERROR, b"\x06"):
        pass  # until the old request has ended
    assert host.ask(PING, b"y") == (PING, b"y")


def test_a_busy_key_answers_after_a_while() -> None:
    host = Host(SoftWire(key(busy_for=2)))
    assert host.ask(PING, b"x") == (ERROR, b"\x06")
    assert host.ask(PING, b"x") == (ERROR, b"\x06")
    assert host.ask(PING, b"x") == (PING, b"x")


def test_somebody_elses_packets_come_in_between() -> None:
    host = Host(SoftWire(key(foreign_traffic=True)))
    host.tell(PING, b"x")
    assert host.wire.read(SECONDS)[:5] == bytes.fromhex("deadbeefbb")
    assert host.hear() == (PING, b"x")


@pytest.mark.parametrize("at", ["cbor:11", "touch", "read", "init"])
def test_a_key_is_pulled_at_any_point(at: str) -> None:
    one = key()
    wire = SoftWire(one)
    host = Host(wire)
    one.script.unplug_at = at
    host.tell(INIT if at == "init" else CBOR, b"nonce..8" if at == "init" else b"\x0b")
    with pytest.raises(Unplugged):
        host.hear()
    with pytest.raises(Unplugged):
        wire.write(bytes(64))
    wire.close()
    wire.close()
    with pytest.raises(OSError, match="Bad file"):
        wire.read(0)
    with pytest.raises(OSError, match="Bad file"):
        wire.write(bytes(64))


@pytest.mark.parametrize("at", ["cbor:11", "touch", "init"])
def test_a_key_that_hangs_says_nothing_until_it_is_pulled(at: str) -> None:
    one = key()
    wire = SoftWire(one)
    host = Host(wire)
    one.script.hang_at = at
    host.tell(INIT if at == "init" else CBOR, b"nonce..8" if at == "init" else b"\x0b")
    host.tell(INIT, b"nonce..8", EVERYBODY)
    with pytest.raises(TimeoutError):
        wire.read(0.2)
    wire.unplug()
    wire.unplug()
    with pytest.raises(Unplugged):
        wire.read(SECONDS)


def test_a_report_has_64_bytes() -> None:
    with pytest.raises(OSError, match="64 bytes"):
        SoftWire(key()).write(bytes(65))


def test_a_touch_is_waited_for_with_keep_alives() -> None:
    one = key(touch="manual", keepalive=0.01)
    host = Host(SoftWire(one))
    host.tell(CBOR, b"\x0b")
    said = [host.wire.read(SECONDS) for _ in range(3)]
    assert {report[:8] for report in said} == {struct.pack(">IBHB", host.channel, 0xBB, 1, 2)}


# --- nothing makes it stumble -----------------------------------------------------------

PLAIN = (
    st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=70) | st.text(max_size=10)
)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)

    return st.recursive(leaves, more, max_leaves=8)


VALUES = nested(PLAIN | st.none() | st.floats())
# Members that commands of CTAP2 know, with what may stand in them and what may not.
PARAMETERS = st.dictionaries(
    st.integers(1, 10),
    VALUES
    | st.sampled_from(
        [
            *(b"h" * 32, "example.com", {"id": "example.com"}, {"id": b"x"}, 1, 2, 9),
            [{"type": "public-key", "alg": -7}],
            [{"type": "public-key", "id": b"x"}],
            {1: 2, 3: -25, -1: 1, -2: b"x" * 32, -3: b"y" * 32},
            {"up": False, "uv": True, "rk": True},
        ]
    ),
    max_size=10,
)
KEYS = st.sampled_from(
    [{}, {"pin": "1234"}, {"builtin_uv": True}, {"versions": ["FIDO_2_0"], "pin": "1234"}]
)


@given(KEYS, st.sampled_from([1, 2, 4, 6, 7, 0x0B, 0x41]), PARAMETERS)
@settings(max_examples=150, deadline=None)
def test_any_parameters_get_an_answer(
    parts: dict[str, Any], command: int, parameters: dict[int, Any]
) -> None:
    one = SoftKey(script=Script(touch_delay=0.0), **parts)
    said = Host(SoftWire(one)).ask(CBOR, bytes([command]) + cbor2.dumps(parameters))
    assert said[0] == CBOR
    assert not mistakes(one)


@given(st.sampled_from([CBOR, MSG]), st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_get_an_answer(command: int, payload: bytes) -> None:
    one = key(touch_delay=0.0)
    assert Host(SoftWire(one)).ask(command, payload)[0] == command
    assert not mistakes(one)


@given(st.sampled_from([1, 2, 3]), st.integers(0, 255), st.binary(max_size=140))
@settings(max_examples=100, deadline=None)
def test_any_u2f_request_gets_an_answer(instruction: int, p1: int, data: bytes) -> None:
    one = key(touch_delay=0.0)
    head = struct.pack(">BBBBBH", 0, instruction, p1, 0, 0, len(data))
    command, said = Host(SoftWire(one)).ask(MSG, head + data + bytes(2))
    assert (command, said[-2:-1] in {b"\x90", b"\x69", b"\x6a", b"\x67"}) == (MSG, True)
    assert not mistakes(one)


@given(st.lists(st.binary(min_size=64, max_size=64), max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_reports_leave_a_key_that_answers(told: list[bytes]) -> None:
    one = key(touch_delay=0.0)
    wire = SoftWire(one)
    first = Host(wire)
    for report in told:
        wire.write(struct.pack(">I", first.channel) + report[4:])
        wire.write(report)
    nonce = b"nonce..8"
    first.tell(INIT, nonce)
    while first.hear()[1][:8] != nonce:
        pass
    while first.ask(PING, b"x") == (ERROR, b"\x06"):
        pass
    assert not mistakes(one)


@given(nested(PLAIN))
@settings(max_examples=100, deadline=None)
def test_what_the_key_says_is_what_others_read(value: Any) -> None:
    said = encode(value)
    assert said == theirs.encode(value)
    assert theirs.decode(said) == ours.decode(said) == value
