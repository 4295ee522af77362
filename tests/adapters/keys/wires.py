"""Wires for tests: one that says what it is told to."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

CHANNEL = 0x0BADCAFE
INIT, CBOR, KEEPALIVE, ERROR, CANCEL = 0x06, 0x10, 0x3B, 0x3F, 0x11
CAN_CBOR = 0x04


def report(channel: int, cmd: int, payload: bytes = b"", length: int | None = None) -> bytes:
    """A first report."""
    size = len(payload) if length is None else length
    return (struct.pack(">IBH", channel, 0x80 | cmd, size) + payload).ljust(64, b"\0")[:64]


def more(channel: int, sequence: int, payload: bytes) -> bytes:
    """A report that goes on."""
    return (struct.pack(">IB", channel, sequence) + payload).ljust(64, b"\0")[:64]


def message(channel: int, cmd: int, payload: bytes) -> list[bytes]:
    """All reports of a message."""
    rest = payload[57:]
    parts = [rest[at : at + 59] for at in range(0, len(rest), 59)]
    first = report(channel, cmd, payload[:57], len(payload))
    return [first, *(more(channel, n & 0x7F, part) for n, part in enumerate(parts))]


def welcome(nonce: bytes, channel: int = CHANNEL, capabilities: int = CAN_CBOR) -> bytes:
    """The answer to CTAPHID_INIT."""
    return report(
        0xFFFFFFFF, INIT, nonce + struct.pack(">IBBBBB", channel, 2, 5, 4, 3, capabilities)
    )


class ToldWire:
    """Greets, then gives the next of `answers` for each message that is complete. An answer may
    be a list of reports, an exception, or a function of the request that gives one.
    """

    def __init__(self, *answers: object, greet: bool = True) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []
        self.closed = 0
        self._greet = greet
        self._queue: list[bytes | Exception] = []
        self._missing = 0

    def write(self, data: bytes) -> None:
        assert len(data) == 64
        self.sent.append(data)
        if not data[4] & 0x80:
            self._missing -= 59
        elif data[4] == 0x80 | CANCEL:
            return
        elif data[4] == 0x80 | INIT and self._greet:
            self._queue.append(welcome(data[7:15]))
            return
        else:
            self._missing = int.from_bytes(data[5:7], "big") - 57
        if self._missing <= 0 and self.answers:
            self._say(self.answers.pop(0), data)

    def _say(self, answer: object, data: bytes) -> None:
        if callable(answer):
            answer = answer(data)
        if isinstance(answer, Sequence):
            self._queue.extend(answer)
        elif isinstance(answer, Exception):
            self._queue.append(answer)

    def read(self, seconds: float) -> bytes:
        if not self._queue:
            raise TimeoutError
        said = self._queue.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    def close(self) -> None:
        self.closed += 1


Answer = Callable[[bytes], list[bytes]]
