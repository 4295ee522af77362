"""CTAPHID, the key's side (CTAP 2.1, 11.2): channels, packets, keep-alives, cancel, busy."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from pve_auth_tui.simnode.softkey import u2f
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.status import Status, Unplugged

REPORT: Final = 64
BROADCAST: Final = 0xFFFFFFFF
PING, MSG, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR = 1, 3, 6, 8, 0x10, 0x11, 0x3B, 0x3F
_INVALID_COMMAND, _INVALID_LENGTH, _INVALID_SEQUENCE, _BUSY, _INVALID_CHANNEL = 1, 3, 4, 6, 11
_FIRST: Final = 0x00010000
_SOMEBODY_ELSE: Final = 0xDEADBEEF
_FIRST_ROOM, _NEXT_ROOM = REPORT - 7, REPORT - 5
_LONGEST: Final = _FIRST_ROOM + 128 * _NEXT_ROOM
_STEP: Final = 0.02
_CAN_WINK, _HAS_CBOR, _NO_MSG = 0x01, 0x04, 0x08


class Request:
    """One that runs; the `Operation` that the key sees."""

    def __init__(self, framing: Framing, channel: int) -> None:
        self.channel = channel
        self.dropped = False  # the channel was taken anew: no answer
        self._framing = framing
        self._cancelled = threading.Event()
        self._said: float | None = None

    def cancel(self) -> None:
        """The host does not want it any more."""
        self._cancelled.set()

    def cancelled(self) -> bool:
        """Whether the host said so."""
        return self._cancelled.is_set()

    def gone(self) -> bool:
        """Whether the key was pulled."""
        return self._framing.is_gone

    def keepalive(self, status: int) -> None:
        """At once, then as often as the script says."""
        now = time.monotonic()
        if self._said is None or now - self._said >= self._framing.key.script.keepalive:
            self._said = now
            self._framing.send(self.channel, KEEPALIVE, bytes([status]))

    def point(self, name: str) -> None:
        """Be pulled here, or hang, if the script says so. Raises Unplugged."""
        script = self._framing.key.script
        if script.unplug_at == name:
            self._framing.unplug()
            raise Unplugged
        if script.hang_at == name:
            self._framing.hang()
            while not self._framing.is_gone:
                time.sleep(_STEP)
            raise Unplugged


class _Partial(NamedTuple):
    channel: int
    command: int
    length: int
    data: bytes
    sequence: int


class Framing:
    """`out` takes reports for the host; `on_gone` is called when the script pulls the key.

    One request runs at a time, in a thread of its own.
    """

    def __init__(
        self, key: SoftKey, out: Callable[[bytes], None], on_gone: Callable[[], None] | None = None
    ) -> None:
        self.key = key
        self._out = out
        self._on_gone = on_gone
        self._gone = threading.Event()
        self._is_dead = False
        self._next = _FIRST
        self._partial: _Partial | None = None
        self._running: Request | None = None
        self._lock = threading.RLock()

    @property
    def is_gone(self) -> bool:
        """Whether the key was pulled."""
        return self._gone.is_set()

    def unplug(self) -> None:
        """Pull the key; twice does no harm."""
        if self._gone.is_set():
            return
        self._gone.set()
        self.key.replug()
        if self._on_gone:
            self._on_gone()

    def hang(self) -> None:
        """Neither take nor say anything more, until the key is pulled."""
        self._is_dead = True
        self.key.log.append("hang")

    def send(self, channel: int, command: int, payload: bytes) -> None:
        """A message to the host, in as many reports as it takes."""
        with self._lock:
            if self.is_gone or self._is_dead:
                return
            if self.key.script.foreign_traffic:
                foreign = struct.pack(">IBH", _SOMEBODY_ELSE, 0x80 | KEEPALIVE, 1)
                self._out(foreign.ljust(REPORT, b"\x02"))
            head = struct.pack(">IBH", channel, 0x80 | command, len(payload))
            self._out((head + payload[:_FIRST_ROOM]).ljust(REPORT, b"\0"))
            rest = payload[_FIRST_ROOM:]
            for sequence, at in enumerate(range(0, len(rest), _NEXT_ROOM)):
                head = struct.pack(">IB", channel, sequence)
                self._out((head + rest[at : at + _NEXT_ROOM]).ljust(REPORT, b"\0"))

    def receive(self, report: bytes) -> None:
        """One report of the host's, 64 bytes."""
        with self._lock:
            if self._is_dead:
                return
            channel, mark = struct.unpack(">IB", report[:5])
            if mark & 0x80:
                self._begin(channel, mark & 0x7F, report)
            else:
                self._go_on(channel, mark, report[5:])

    def _begin(self, channel: int, command: int, report: bytes) -> None:
        [length] = struct.unpack(">H", report[5:7])
        running = self._running
        if command == CANCEL:
            if running and running.channel == channel:
                running.cancel()
        elif command == INIT:
            self._init(channel, report[7:15])
        elif not _FIRST <= channel < self._next:
            self._refuse(channel, _INVALID_CHANNEL)
        elif running or (self._partial and self._partial.channel != channel):
            self._refuse(channel, _BUSY)
        elif self.key.script.busy_for:
            self.key.script.busy_for -= 1
            self._refuse(channel, _BUSY)
        elif self._partial:
            self._partial = None
            self._refuse(channel, _INVALID_SEQUENCE)
        elif length > _LONGEST:
            self._refuse(channel, _INVALID_LENGTH)
        else:
            self._take(_Partial(channel, command, length, report[7 : 7 + length], 0))

    def _go_on(self, channel: int, sequence: int, data: bytes) -> None:
        partial = self._partial
        if partial is None or partial.channel != channel:
            return
        if sequence != partial.sequence:
            self._partial = None
            self._refuse(channel, _INVALID_SEQUENCE)
            return
        data = partial.data + data[: partial.length - len(partial.data)]
        self._take(partial._replace(data=data, sequence=sequence + 1))

    def _take(self, partial: _Partial) -> None:
        whole = len(partial.data) >= partial.length
        self._partial = None if whole else partial
        if whole:
            request = self._running = Request(self, partial.channel)
            run = threading.Thread(
                target=self._run, args=(request, partial.command, partial.data), daemon=True
            )
            run.start()

    def _init(self, channel: int, nonce: bytes) -> None:
        script, running = self.key.script, self._running
        if script.hang_at == "init":
            self.hang()
            return
        if script.unplug_at == "init":
            self.unplug()
            return
        if self._partial and self._partial.channel == channel:
            self._partial = None
        if running and running.channel == channel:
            running.dropped = True
            running.cancel()
        given = channel
        if channel == BROADCAST:
            given, self._next = self._next, self._next + 1
        can = _CAN_WINK | self.key.has_ctap2 * _HAS_CBOR | (not self.key.has_u2f) * _NO_MSG
        self.send(channel, INIT, nonce + struct.pack(">IBBBBB", given, 2, 1, 2, 3, can))

    def _refuse(self, channel: int, code: int) -> None:
        self.send(channel, ERROR, bytes([code]))

    def _run(self, request: Request, command: int, data: bytes) -> None:
        try:
            answer = self._answer(request, command, data)
        except Unplugged:
            return
        except Exception as error:  # noqa: BLE001 - a mistake in here must not look like a hang
            self.key.log.append(f"bug:{error!r}")
            answer = (command, bytes([Status.OTHER]))
        with self._lock:
            self._running = None
            if not request.dropped:
                self.send(request.channel, *answer)

    def _answer(self, request: Request, command: int, data: bytes) -> tuple[int, bytes]:
        if command == CBOR and self.key.has_ctap2:
            return CBOR, self.key.cbor(request, data)
        if command == MSG and self.key.has_u2f:
            return MSG, u2f.answer(self.key, request, data)
        if command == PING:
            return PING, data
        if command == WINK:
            self.key.log.append("wink")
            return WINK, b""
        return ERROR, bytes([_INVALID_COMMAND])
