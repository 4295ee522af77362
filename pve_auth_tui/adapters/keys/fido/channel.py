"""A conversation with one key: CTAPHID messages over 64-byte reports, as python-fido2's device.

CTAP 2.1, 11.2. Unlike the library's own: it never waits for ever (a key that says nothing for
three seconds is silent; keys send a keep-alive every 100 ms), it looks ten times a second whether
somebody gave up, and it drops what other programs talk with the same key, which every opener of a
hidraw node gets to read, too (reference/fido.md 2.4).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic, sleep
from typing import Final

from fido2.ctap import STATUS, CtapDevice, CtapError

from pve_auth_tui.adapters.keys.trouble import trouble_of
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import HidWire

# What goes to and from a key is never logged: PINs are in it, if only encrypted.
logging.getLogger("fido2").setLevel(logging.CRITICAL + 1)

REPORT: Final = 64
SILENCE: Final = 3.0
_LOOK: Final = 0.1  # seconds between looks whether somebody gave up
_GRACE: Final = 0.5  # for a cancelled key to say so
_QUICK: Final = 5.0  # for what waits for nobody, keep-alives or not
_LONGEST: Final = 7609  # bytes of a message: 64 - 7 + 128 * (64 - 5)

_BROADCAST: Final = b"\xff\xff\xff\xff"
_FIRST: Final = 0x80
_MSG, _INIT, _CBOR, _CANCEL, _KEEPALIVE, _ERROR = 0x03, 0x06, 0x10, 0x11, 0x3B, 0x3F
_CHANNEL_BUSY: Final = 0x06
_CAN_CBOR, _NO_MSG = 0x04, 0x08
_WAITS: Final = frozenset((0x01, 0x02, 0x06, 0x0B))  # may wait for somebody's finger


@dataclass(frozen=True, slots=True)
class _Watch:
    given_up: Callable[[], bool]
    end: float
    late: Kind


class _Busy(Exception):
    """The key works for another program."""


class Channel(CtapDevice):
    """`silence`: seconds without a report after which the key counts as dead.

    Raises KeyTrouble where the conversation broke, CtapError for what the key answered.
    """

    def __init__(self, wire: HidWire, silence: float = SILENCE) -> None:
        self._wire = wire
        self._silence = silence
        self._watch: _Watch | None = None
        self._closed = False
        self._in_use = Lock()
        self._id = _BROADCAST
        self._capabilities = 0
        self.version = (0, 0, 0)
        self._greet()

    @property
    def capabilities(self) -> int:
        """CTAPHID capability flags."""
        return self._capabilities

    @property
    def ctap2(self) -> bool:
        """Whether it takes CTAP2 commands."""
        return bool(self._capabilities & _CAN_CBOR)

    @property
    def u2f(self) -> bool:
        """Whether it takes U2F messages."""
        return not self._capabilities & _NO_MSG

    @contextmanager
    def watched(
        self, seconds: float, given_up: Callable[[], bool] | None = None, late: Kind = Kind.SILENT
    ) -> Iterator[None]:
        """One piece of work with the key, over after `seconds` at the latest, with `late`.

        Another one that begins meanwhile ends with BUSY: a key does one thing at a time.
        """
        if not self._in_use.acquire(blocking=False):
            raise KeyTrouble(Kind.BUSY)
        try:
            self._watch = _Watch(given_up or _nobody, monotonic() + seconds, late)
            yield
        finally:
            self._watch = None
            self._in_use.release()
            if self._closed:
                self._wire.close()

    @property
    def left(self) -> float:
        """Seconds until the work is over."""
        return max(0.0, self._watch.end - monotonic()) if self._watch else 0.0

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        """One command and its answer. `event` is not looked at: `watched` says when it is over."""
        patience = monotonic() + self._silence
        while True:
            self._look()
            if self._id == _BROADCAST:
                self._greet()
            try:
                return self._exchange(cmd, data, on_keepalive)
            except _Busy:
                if monotonic() >= patience:
                    raise KeyTrouble(Kind.BUSY) from None
            sleep(_LOOK)

    def close(self) -> None:
        """Give the device back; what still runs ends at its next look."""
        self._closed = True
        if self._in_use.acquire(blocking=False):
            self._in_use.release()
            self._wire.close()

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        """None: keys are found on a bus."""
        return iter(())

    def _greet(self) -> None:
        """A channel of our own (11.2.9.1.3 CTAPHID_INIT); others' answers have another nonce."""
        self._id = _BROADCAST
        nonce = os.urandom(8)
        patience = monotonic() + self._silence
        self._send(_INIT, nonce)
        while True:
            self._look()
            report = self._report(patience)
            if report[4] == _FIRST | _ERROR and report[7] == _CHANNEL_BUSY:
                sleep(_LOOK)
                if monotonic() >= patience:
                    raise KeyTrouble(Kind.BUSY)
                self._send(_INIT, nonce)
            elif report[4] == _FIRST | _INIT and report[7:15] == nonce:
                break
        if report[15:19] == _BROADCAST:
            raise KeyTrouble(Kind.KEY_ERROR, "no channel was given")
        self._id = report[15:19]
        self.version = (report[20], report[21], report[22])
        self._capabilities = report[23]

    def _exchange(
        self, cmd: int, data: bytes, on_keepalive: Callable[[STATUS], None] | None
    ) -> bytes:
        try:
            self._send(cmd, data)
            return self._answer(cmd, _quick(cmd, data), on_keepalive)
        except (_Busy, CtapError):
            raise
        except BaseException as error:
            # A late answer must not be taken for the next command's: that one gets a new channel.
            if not (isinstance(error, KeyTrouble) and error.kind is Kind.UNPLUGGED):
                self._cancel()
            self._id = _BROADCAST
            raise

    def _answer(
        self, cmd: int, quick: bool, on_keepalive: Callable[[STATUS], None] | None
    ) -> bytes:
        limit = monotonic() + _QUICK if quick else float("inf")
        patience = monotonic() + self._silence
        last = 0
        got = b""
        length = -1
        sequence = 0
        while length < 0 or len(got) < length:
            self._look()
            if monotonic() >= limit:
                raise KeyTrouble(Kind.SILENT)
            report = self._report(min(patience, limit))
            patience = monotonic() + self._silence
            kind = report[4]
            if kind == _FIRST | _KEEPALIVE:
                if on_keepalive and report[7] != last and report[7] in (1, 2):
                    on_keepalive(STATUS(report[7]))
                last = report[7]
            elif kind == _FIRST | _ERROR:
                if report[7] == _CHANNEL_BUSY:
                    raise _Busy
                raise CtapError(report[7])
            elif kind & _FIRST:
                if kind != _FIRST | cmd or length >= 0:
                    raise KeyTrouble(Kind.KEY_ERROR, "an answer to another command")
                length = int.from_bytes(report[5:7], "big")
                if length > _LONGEST:
                    raise KeyTrouble(Kind.KEY_ERROR, "an answer that is too long")
                got = report[7:]
            elif length >= 0:
                if kind != sequence:
                    raise KeyTrouble(Kind.KEY_ERROR, "a part of the answer is missing")
                sequence += 1
                got += report[5:]
        return got[:length]

    def _look(self) -> None:
        watch = self._watch
        if self._closed or (watch and watch.given_up()):
            raise KeyTrouble(Kind.CANCELLED)
        if watch and monotonic() >= watch.end:
            raise KeyTrouble(watch.late)

    def _report(self, patience: float) -> bytes:
        """The next report on this channel. Waits a look's time at most, then looks again."""
        while True:
            left = patience - monotonic()
            if left <= 0:
                raise KeyTrouble(Kind.SILENT)
            try:
                report = self._wire.read(min(left, _LOOK))
            except TimeoutError:
                self._look()
                continue
            except OSError as error:
                raise trouble_of(error) from None
            if len(report) == REPORT and report[:4] == self._id:
                return report
            if not report:
                raise KeyTrouble(Kind.UNPLUGGED)
            self._look()

    def _send(self, cmd: int, data: bytes) -> None:
        """Fragments of one message (11.2.4)."""
        if len(data) > _LONGEST:
            raise KeyTrouble(Kind.KEY_ERROR, "a request that is too long")
        head = self._id + bytes((_FIRST | cmd,)) + len(data).to_bytes(2, "big")
        sequence = 0
        while True:
            room = REPORT - len(head)
            self._write(head + data[:room])
            data = data[room:]
            if not data:
                return
            head = self._id + bytes((sequence,))
            sequence += 1

    def _write(self, report: bytes) -> None:
        try:
            self._wire.write(report.ljust(REPORT, b"\0"))
        except OSError as error:
            raise trouble_of(error) from None

    def _cancel(self) -> None:
        """Let the key stop blinking, and hear it say so (11.2.9.1.5 CTAPHID_CANCEL)."""
        end = monotonic() + min(_GRACE, self._silence)
        try:
            self._send(_CANCEL, b"")
            while (left := end - monotonic()) > 0:
                try:
                    report = self._wire.read(min(left, _LOOK))
                except TimeoutError:
                    continue
                if not report or (
                    len(report) == REPORT
                    and report[:4] == self._id
                    and report[4] & _FIRST
                    and report[4] != _FIRST | _KEEPALIVE
                ):
                    return
        except (OSError, KeyTrouble):
            return


def _nobody() -> bool:
    return False


def _quick(cmd: int, data: bytes) -> bool:
    return cmd != _CBOR or data[0] not in _WAITS
