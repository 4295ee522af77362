"""A TLS server that keeps every byte it is told, and certificates of every kind to show."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NODE_NAMES = ("127.0.0.1", "localhost", "pve1", "pve1.example.com")
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as PEM; `chain` is what a server sends after its own."""

    pem: bytes
    key: bytes
    chain: bytes = b""

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.pem.decode())


class Authority:
    """A CA. `key_usage=False`: as PVE made them until version 5 or so."""

    def __init__(self, name: str = "PVE Cluster Manager CA", *, key_usage: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _certificate(self.name, self.name, self.key.public_key(), (-400, 3000))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        if key_usage:
            builder = builder.add_extension(_key_usage(), True)
        self.pem = _pem(builder.sign(self.key, hashes.SHA256()))

    def issue(
        self,
        *names: str,
        days: tuple[int, int] = (-1, 300),
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Issued:
        """A server's certificate for names and addresses, valid from and until (days from now)."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (names or NODE_NAMES)[-1])])
        builder = _certificate(subject, self.name, key.public_key(), days)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names or NODE_NAMES]), False
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), False)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
        )
        return Issued(_pem(builder.sign(self.key, hashes.SHA256())), _key_pem(key))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    days: tuple[int, int],
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage() -> x509.KeyUsage:
    names = ("key_encipherment", "data_encipherment", "key_agreement", "content_commitment")
    others = dict.fromkeys((*names, "encipher_only", "decipher_only", "digital_signature"), False)
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **others)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


# --- what is said ----------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One request, read as PVE's server reads it."""

    raw: bytes
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> bytes:
        """Unquoted once, as `uri_unescape($r->uri->path())` does."""
        return unquote_to_bytes(urlsplit(self.target).path)

    @property
    def form(self) -> dict[str, str]:
        fields = parse_qs(
            self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body)
        )
        return {name: values[-1] for name, values in fields.items()}

    @property
    def query(self) -> dict[str, str]:
        fields = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[-1] for name, values in fields.items()}


def http_answer(body: bytes, status: str = "200 OK", *headers: str, length: int = -1) -> bytes:
    """The bytes of an answer; `length` is what it claims of its body, if not the truth."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body) if length < 0 else length}",
        "Server: pve-api-daemon/3.0",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_answer(data: Any, status: str = "200 OK", *headers: str, **beside: Any) -> bytes:
    """As PVE sends it; `beside` are `message` and `errors` of a refusal."""
    body = json.dumps({"data": data, **beside}).encode()
    return http_answer(body, status, "Content-Type: application/json;charset=UTF-8", *headers)


Answer = Callable[[Asked], bytes]
Serve = Callable[[socket.socket], None]


@dataclass
class Listener:
    """A server on a port of its own. `asked` are the requests, `received` every byte."""

    port: int
    received: bytearray = field(default_factory=bytearray)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: what waits may end."""


@contextlib.contextmanager
def tcp_listener(serve: Callable[[socket.socket, Listener], None]) -> Iterator[Listener]:
    """`serve` gets each connection, in a thread of its own, and the listener."""
    server = socket.create_server(("127.0.0.1", 0))
    listener = Listener(server.getsockname()[1])
    threads: list[threading.Thread] = []
    open_ones: list[socket.socket] = []

    def handle(connection: socket.socket, line: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            serve(connection, listener)
        hang_up(line)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                connection.settimeout(10)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                listener.connections += 1
                line = connection.dup()  # TLS takes the other one away
                open_ones.append(line)
                threads.append(
                    threading.Thread(target=handle, args=(connection, line), daemon=True)
                )
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listener
    finally:
        listener.over.set()
        for one in (server, *open_ones):
            hang_up(one)
            one.close()
        for thread in (accepting, *threads):
            thread.join(5)


def hang_up(line: socket.socket) -> None:
    """Ends a connection for everybody who holds it."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def tls_listener(
    issued: Issued, folder: Path, serve: Callable[[ssl.SSLSocket, Listener], None]
) -> Iterator[Listener]:
    """The same behind TLS; `received` is what came decrypted, so nothing of the handshake."""
    pem = folder / f"{id(issued)}.pem"
    pem.write_bytes(issued.key + issued.pem + issued.chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def behind_tls(connection: socket.socket, listener: Listener) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            serve(tls, listener)

    with tcp_listener(behind_tls) as listener:
        yield listener


@contextlib.contextmanager
def pve_listener(issued: Issued, folder: Path, answer: Answer | None = None) -> Iterator[Listener]:
    """Answers one request after the other on a connection; by default with `"fine"`."""

    def serve(connection: ssl.SSLSocket, listener: Listener) -> None:
        while asked := read_request(connection, listener):
            reply = (answer or (lambda _: json_answer("fine")))(asked)
            connection.sendall(reply)
            if b"\r\nConnection: close\r\n" in reply:
                return

    with tls_listener(issued, folder, serve) as listener:
        yield listener


def read_request(connection: socket.socket, listener: Listener) -> Asked | None:
    """The next request, which is also kept; None when there is no more."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += (more := _read(connection, listener))
        if not more:
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines[1:])
    }
    while len(body) < int(headers.get("content-length", "0")):
        body += _read(connection, listener)
    asked = Asked(data, method, target, headers, body)
    listener.asked.append(asked)
    return asked


def _read(connection: socket.socket, listener: Listener) -> bytes:
    more = connection.recv(65536)
    listener.received += more
    return more
