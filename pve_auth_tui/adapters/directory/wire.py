"""LDAP's messages over one socket, in the clear or with TLS: bounded in octets and in time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

from pve_auth_tui.adapters.directory import messages
from pve_auth_tui.adapters.directory.ber import SEQUENCE, NotBer, measure
from pve_auth_tui.adapters.directory.messages import Message
from pve_auth_tui.adapters.directory.results import words
from pve_auth_tui.adapters.directory.tls import certificate_wanted
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble

MESSAGE_OCTETS: Final = 32 * 1024 * 1024  # a group of some 300,000 members
_CHUNK: Final = 64 * 1024
_LOOK: Final = 0.25  # seconds between two looks at whether anybody still wants it
_TLS_RECORDS: Final = (0x15, 0x16)  # alert, handshake (RFC 8446 5.1)
_IDENTITIES: Final = 2**31 - 1
_WANTS_CERTIFICATE: Final = "CERTIFICATE_REQUIRED"
_CODES: Final = {8: Cause.STRONGER_AUTH, 51: Cause.BUSY, 52: Cause.UNAVAILABLE}


class Stopped(Exception):
    """Whoever asked wants no more."""


class Wire:
    """`host` is for the errors' words. `octets` came in all, since the wire was made. `instead`
    may know better why the server hung up before it said anything.

    Errors: DirectoryTrouble (SILENT, BROKEN_OFF, NOT_LDAP, TLS_WANTED, CLIENT_CERT_WANTED,
    TOO_MUCH, and what the server says when it hangs up).
    """

    def __init__(
        self,
        line: socket.socket,
        host: str,
        instead: Callable[[DirectoryTrouble], DirectoryTrouble] = lambda trouble: trouble,
    ) -> None:
        self._instead = instead
        self.line = line
        self.host = host
        self.octets = 0
        self._last = 0
        self._buffer = bytearray()
        self._at = 0

    def send(self, operation: bytes, seconds: float, controls: bytes = b"") -> int:
        """The number under which it is answered."""
        self._last = self._last % _IDENTITIES + 1
        self.line.settimeout(seconds)
        try:
            self.line.sendall(messages.message(self._last, operation, controls))
        except OSError as error:
            raise self._broken(error) from None
        return self._last

    def answer(
        self, identity: int, until: float, stopped: Callable[[], bool] = lambda: False
    ) -> Message:
        """The next message to a request, before a time of the monotonic clock.

        Answers to earlier requests, which nobody waits for any more, are passed over. Raises
        Stopped within a moment of `stopped`.
        """
        while True:
            try:
                found = messages.received(self._next(until, stopped))
                if found.number == 0:
                    raise self._notice(found)
            except NotBer as error:
                raise self._not_ldap(str(error)) from None
            if found.number == identity:
                return found
            if found.number > identity:
                raise self._not_ldap("an answer to nothing that was asked")

    def close(self) -> None:
        """Never raises."""
        with contextlib.suppress(OSError, ValueError):
            self.line.settimeout(1.0)
            self.line.sendall(messages.message(self._last % _IDENTITIES + 1, messages.unbind()))
        with contextlib.suppress(OSError):
            self.line.close()

    def rest(self) -> int:
        """Octets that came and belong to no answer yet."""
        return len(self._buffer) - self._at

    def _next(self, until: float, stopped: Callable[[], bool]) -> bytes:
        """The octets of one whole message."""
        while True:
            size = self._size()
            if size and self.rest() >= size:
                start = self._at
                self._at += size
                return bytes(self._buffer[start : self._at])
            if self._at:
                del self._buffer[: self._at]
                self._at = 0
            chunk = self._read(until, stopped)
            self.octets += len(chunk)
            self._buffer += chunk

    def _size(self) -> int:
        """Of the next message; 0 while that is not known."""
        at = self._at
        if self.rest() and self._buffer[at] != SEQUENCE:
            if self._buffer[at] in _TLS_RECORDS and not isinstance(self.line, ssl.SSLSocket):
                raise DirectoryTrouble(
                    Cause.TLS_WANTED,
                    f"{self.host} wants TLS from the start on this port.",
                    "The mode LDAPS is for this port.",
                )
            raise self._not_ldap("the answer is no LDAP message")
        found = measure(self._buffer, at)
        if found is None:
            return 0
        start, length = found
        if length > MESSAGE_OCTETS:
            raise DirectoryTrouble(
                Cause.TOO_MUCH,
                f"{self.host} wants to send {length:,} octets in one message.",
                facts={"octets": str(length)},
            )
        return start - at + length

    def _read(self, until: float, stopped: Callable[[], bool]) -> bytes:
        while True:
            if stopped():
                raise Stopped
            left = until - time.monotonic()
            if left <= 0:
                raise self._silent()
            self.line.settimeout(min(left, _LOOK))
            try:
                chunk = self.line.recv(_CHUNK)
            except TimeoutError:
                continue
            except OSError as error:
                raise self._broken(error) from None
            if not chunk:
                raise self._broken(None)
            return chunk

    def _notice(self, found: Message) -> DirectoryTrouble:
        """RFC 4511 4.4: the server speaks unasked, before it hangs up."""
        if found.operation != messages.EXTENDED_RESPONSE:
            raise NotBer("an answer without a number")
        said = messages.result(found)
        text = words(said.text)
        return DirectoryTrouble(
            _CODES.get(said.code, Cause.BROKEN_OFF),
            f"{self.host} hung up.",
            original=text,
            facts={"code": str(said.code)},
        )

    def _silent(self) -> DirectoryTrouble:
        return DirectoryTrouble(Cause.SILENT, f"{self.host} took the question and never answered.")

    def _not_ldap(self, why: str) -> DirectoryTrouble:
        return DirectoryTrouble(
            Cause.NOT_LDAP, f"What {self.host} answers is no LDAP.", original=why
        )

    def _broken(self, error: OSError | None) -> DirectoryTrouble:
        if isinstance(error, TimeoutError):
            return self._silent()
        reason = getattr(error, "reason", None) or ""
        if _WANTS_CERTIFICATE in reason:  # TLS 1.3 says so only after the handshake
            return certificate_wanted(self.host, str(reason))
        trouble = DirectoryTrouble(
            Cause.BROKEN_OFF,
            f"{self.host} closed the connection instead of answering.",
            original=str(error or ""),
        )
        return trouble if self.octets else self._instead(trouble)
