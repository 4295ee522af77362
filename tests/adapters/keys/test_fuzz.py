"""Keys that answer anything at all: always a KeyTrouble or an answer, never anything else (R25)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from fido2 import cbor
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.usb import UsbKey
from pve_auth_tui.core.keys import KeyInfo, KeyPlace, PinAsked
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.adapters.keys.parts import ORIGIN, PIN, RP_ID, FakeHands, Server, ids, opened, quick
from tests.adapters.keys.wires import CBOR, CHANNEL, ToldWire, message

HELD = b"c" * 64
SOON = 0.01
FEW = settings(max_examples=40)

scalars = (
    st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=80) | st.text(max_size=40) | st.booleans()
)
anything: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.integers(-4, 32) | st.text(max_size=8), inner, max_size=8)
    ),
    max_leaves=20,
)
bodies = (
    st.binary(max_size=300)
    | anything.map(cbor.encode)
    | st.dictionaries(st.integers(1, 16), anything, max_size=10).map(cbor.encode)
)


class Eager(FakeHands):
    """Types the PIN as often as it is asked for."""

    def pin(self, asked: PinAsked) -> Secret | None:
        self.asked.append(asked)
        return Secret(PIN)


CALLS: dict[str, Callable[[UsbKey], object]] = {
    "info": lambda key: key.info(),
    "register": lambda key: key.register(
        Server().creation(excludeCredentials=ids(HELD)), ORIGIN, Eager()
    ),
    "sign": lambda key: key.sign(Server().request(allowCredentials=ids(HELD)), ORIGIN, Eager()),
    "holding": lambda key: key.holding(RP_ID, [HELD, b"d" * 9]),
    "set_pin": lambda key: key.set_pin(Secret("neu-1234"), Secret(PIN)),
}


class Mad(SoftKey):
    """Answers some commands with what it was told to."""

    said: dict[int, bytes]

    def cbor(self, operation: Any, request: bytes) -> bytes:
        body = self.said.get(request[0])
        return super().cbor(operation, request) if body is None else b"\0" + body


def attempt(call: Callable[[UsbKey], object], key: UsbKey) -> Kind | None:
    """None: it answered. Whatever else is raised is a bug."""
    try:
        call(key)
    except KeyTrouble as trouble:
        return trouble.kind
    return None


@pytest.mark.parametrize("call", CALLS)
@FEW
@given(command=st.sampled_from([1, 2, 4, 6]), body=bodies)
def test_a_command_that_is_answered_with_anything(call: str, command: int, body: bytes) -> None:
    software = Mad(pin=PIN, always_uv=True, script=quick())
    software.said = {command: body}
    attempt(CALLS[call], opened(software))


DEPTHS = {
    "lists": b"\x81" * 7000 + b"\x00",
    "maps": b"\xa1\x00" * 3500 + b"\x00",
    "a list that claims to be endless": b"\x9b" + b"\xff" * 8,
    "a map that claims to be endless": b"\xbb" + b"\xff" * 8,
    "bytes that claim to be endless": b"\x5b" + b"\xff" * 8,
    "indefinite lengths": b"\x9f" * 500,
    "tags": b"\xc0" * 500,
    "nothing": b"",
    "half a number": b"\x1b\x00",
    "keys that are maps": b"\xa1\xa1\x00\x00\x00",
}


@pytest.mark.parametrize("deep", DEPTHS)
@pytest.mark.parametrize("call", CALLS)
def test_cbor_that_is_deep_or_endless(call: str, deep: str) -> None:
    for command in (1, 2, 4, 6):
        software = Mad(pin=PIN, always_uv=True, script=quick())
        software.said = {command: DEPTHS[deep]}
        attempt(CALLS[call], opened(software))


def test_a_deep_getinfo_is_a_problem_that_is_told() -> None:
    software = Mad(script=quick())
    software.said = {4: DEPTHS["lists"]}
    info = opened(software).info()
    assert isinstance(info, KeyInfo)
    assert info.problem == "What it says of itself cannot be read."


@pytest.mark.parametrize("call", CALLS)
@FEW
@given(
    answers=st.lists(
        st.binary(max_size=200).map(lambda body: message(CHANNEL, CBOR, b"\0" + body))
        | st.lists(
            st.binary(max_size=59).map(
                lambda rest: (struct.pack(">I", CHANNEL) + rest).ljust(64, b"\0")
            )
            | st.binary(max_size=70),
            max_size=5,
        ),
        max_size=8,
    )
)
def test_random_reports(call: str, answers: list[list[bytes]]) -> None:
    wire = ToldWire(*answers)
    attempt(CALLS[call], UsbKey(KeyPlace("/dev/hidraw0"), Channel(wire, SOON)))


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=64).map(lambda data: data.ljust(64, b"\0")), max_size=6))
def test_random_greetings(reports: list[bytes]) -> None:
    wire = ToldWire(reports, greet=False)
    with pytest.raises(KeyTrouble):
        Channel(wire, SOON)


@pytest.mark.parametrize("call", ["register", "sign", "holding"])
@FEW
@given(body=st.binary(max_size=300), status=st.sampled_from([b"\x90\x00", b"\x69\x85", b""]))
def test_random_answers_of_u2f(call: str, body: bytes, status: bytes) -> None:
    class MadU2f(ToldWire):
        def _say(self, answer: object, data: bytes) -> None:
            super()._say(message(CHANNEL, data[4] & 0x7F, body + status), data)

    class Leaves(Eager):
        def given_up(self) -> bool:
            return len(self.phases) > 1

    wire = MadU2f(*range(99))
    channel = Channel(wire, SOON)
    channel._capabilities = 0
    key = UsbKey(KeyPlace("/dev/hidraw0"), channel)
    asked = Server()
    calls: dict[str, Callable[[UsbKey], object]] = {
        **CALLS,
        "register": lambda key: key.register(asked.creation(), ORIGIN, Leaves()),
        "sign": lambda key: key.sign(asked.request(allowCredentials=ids(HELD)), ORIGIN, Leaves()),
    }
    attempt(calls[call], key)
