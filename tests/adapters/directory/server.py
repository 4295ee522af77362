"""Directories that say what a test wants them to, over real sockets, and keep what they are told.

The BER here is written anew: what the client reads and writes is compared with something else.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pve_auth_tui.adapters.directory.network import SystemNetwork

BIND, UNBIND, SEARCH, ABANDON, EXTENDED = 0x60, 0x42, 0x63, 0x50, 0x77
START_TLS = b"1.3.6.1.4.1.1466.20037"
_WAIT = 20.0


def ber(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + content


def integer(value: int, tag: int = 2) -> bytes:
    return ber(tag, value.to_bytes(4, "big"))


def unpacked(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element in a row."""
    found = []
    while data:
        length, at = data[1], 2
        if length & 0x80:
            at += length & 0x7F
            length = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at : at + length]))
        data = data[at + length :]
    return found


def result(code: int, text: bytes = b"", matched: bytes = b"", *more: bytes) -> bytes:
    return integer(code, 0x0A) + ber(4, matched) + ber(4, text) + b"".join(more)


def entry(dn: bytes, /, **values: list[bytes]) -> bytes:
    listed = [
        ber(0x30, ber(4, name.encode()), ber(0x31, *(ber(4, one) for one in found)))
        for name, found in values.items()
    ]
    return ber(0x64, ber(4, dn), ber(0x30, *listed))


def answer(identity: int, operation: bytes, *controls: bytes) -> bytes:
    return ber(0x30, integer(identity), operation, *(ber(0xA0, one) for one in controls))


def page_control(cookie: bytes) -> bytes:
    value = ber(0x30, integer(0), ber(4, cookie))
    return ber(0x30, ber(4, b"1.2.840.113556.1.4.319"), ber(4, value))


@dataclass
class Asked:
    """One request. `rest`: what stands behind the operation (controls)."""

    identity: int
    operation: int
    content: bytes
    rest: bytes = b""

    @property
    def cookie(self) -> bytes:
        """Of its paging control."""
        ((_, controls),) = unpacked(self.rest)
        ((_, control),) = unpacked(controls)
        value = unpacked(control)[1][1]
        return unpacked(unpacked(value)[0][1])[1][1]


class Line:
    """One connection, seen from the server. `received`: every octet, as it was on the wire before
    TLS was there and inside TLS afterwards.
    """

    def __init__(self, opened: socket.socket, received: bytearray) -> None:
        self.socket = opened
        self.received = received
        self._buffer = b""

    def secure(self, context: ssl.SSLContext) -> None:
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def asked(self) -> Asked | None:
        """The next request; None when the client has hung up."""
        while True:
            if self._buffer and self._buffer[0] != 0x30:
                return None  # no LDAP: slapd hangs up, too
            if len(self._buffer) > 1:
                length, at = self._buffer[1], 2
                if length & 0x80:
                    at += length & 0x7F
                    length = int.from_bytes(self._buffer[2:at], "big")
                if len(self._buffer) >= at + length:
                    whole, self._buffer = self._buffer[: at + length], self._buffer[at + length :]
                    parts = unpacked(unpacked(whole)[0][1])
                    rest = b"".join(ber(tag, content) for tag, content in parts[2:])
                    identity = int.from_bytes(parts[0][1], "big")
                    return Asked(identity, parts[1][0], parts[1][1], rest)
            chunk = self.socket.recv(65536)
            self.received += chunk
            if not chunk:
                return None
            self._buffer += chunk


@dataclass
class Server:
    """`port` it listens on; what came to it, on all connections together."""

    port: int = 0
    received: bytearray = field(default_factory=bytearray)
    requests: list[Asked] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def operations(self) -> list[int]:
        return [one.operation for one in self.requests]


Serve = Callable[[Line, Server], None]


@contextlib.contextmanager
def serving(serve: Serve) -> Iterator[Server]:
    """Each connection in a thread of its own, until the end of the block."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(listening.getsockname()[1])
    open_ones: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def handle(opened: socket.socket) -> None:
        line = Line(opened, server.received)
        with contextlib.suppress(OSError):
            serve(line, server)
        with contextlib.suppress(OSError):
            line.socket.close()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                opened, _ = listening.accept()
                opened.settimeout(_WAIT)
                server.connections += 1
                open_ones.append(opened)
                thread = threading.Thread(target=handle, args=(opened,), daemon=True)
                thread.start()
                threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.over.set()
        for thread in threads:  # most end by themselves, once all that was sent is read
            thread.join(1.0)
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(_WAIT)
        for one in open_ones:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_WAIT)


Answering = Callable[[Asked], bytes]


def directory(
    answering: Answering | None = None,
    tls: ssl.SSLContext | None = None,
    *,
    ldaps: bool = False,
    start_tls: bytes = b"",
) -> Serve:
    """An LDAP server: `answering` gives all that it sends to a bind or a search.

    `ldaps`: TLS from the start; else StartTLS is granted where there is `tls`. `start_tls`: what
    it says to that instead.
    """

    def serve(line: Line, server: Server) -> None:
        if ldaps and tls:
            line.secure(tls)
        while (asked := line.asked()) is not None:
            server.requests.append(asked)
            if asked.operation == UNBIND:
                return
            if asked.operation == ABANDON:
                continue
            if asked.operation == EXTENDED:
                if start_tls:
                    line.send(answer(asked.identity, start_tls))
                elif tls:
                    line.send(answer(asked.identity, ber(0x78, result(0))))
                    line.secure(tls)
                else:
                    refusal = result(2, b"unsupported extended operation")
                    line.send(answer(asked.identity, ber(0x78, refusal)))
                continue
            line.send((answering or granting)(asked))

    return serve


def granting(asked: Asked) -> bytes:
    """Every bind is right, and there is nothing to find."""
    operation = 0x61 if asked.operation == BIND else 0x65
    return answer(asked.identity, ber(operation, result(0)))


def refusing(code: int, text: bytes = b"", matched: bytes = b"") -> Answering:
    def answering(asked: Asked) -> bytes:
        operation = 0x61 if asked.operation == BIND else 0x65
        return answer(asked.identity, ber(operation, result(code, text, matched)))

    return answering


class HereNetwork(SystemNetwork):
    """Every name is this machine's."""

    def resolve(self, host: str, seconds: float) -> list[str]:
        return ["127.0.0.1"]
