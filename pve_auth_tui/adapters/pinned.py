"""TLS that ends before the first byte of ours when the certificate is not the expected one (R5).

The check stands in the TLS context itself, after the handshake and before whoever asked for the
connection gets it, so that no HTTP library on top can forget it. The environment, the system's
CAs and certifi are never asked.
"""

from __future__ import annotations

import contextvars
import hmac
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from pve_auth_tui.adapters.certificate import Pin, ders, no_certificate


@dataclass(slots=True, eq=False)
class Exchange:
    """One question and its answer: when it must be over, and whether we said anything yet."""

    until: float  # time.monotonic()
    sent: bool = False
    socket: socket.socket | None = None

    def give_up(self) -> None:
        """From another thread: it is over now, and whoever waits in it wakes up."""
        self.until = 0.0
        with suppress(OSError):
            if self.socket is not None:
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


_EXCHANGE: Final = contextvars.ContextVar[Exchange | None]("exchange", default=None)


@contextmanager
def one_exchange(seconds: float) -> Iterator[Exchange]:
    """Whatever this thread reads and writes inside is over after so many seconds.

    A time-out of the socket alone is none: it begins anew with every byte that drips in.
    """
    exchange = Exchange(time.monotonic() + seconds)
    before = _EXCHANGE.set(exchange)
    try:
        yield exchange
    finally:
        _EXCHANGE.reset(before)


class OtherCertificate(ssl.SSLCertVerificationError):
    """A certificate that is valid, and not the expected one."""

    def __str__(self) -> str:
        return str(self.args[0])


class DatedSocket(ssl.SSLSocket):
    """Gives every read and write what is left of the exchange's time."""

    def do_handshake(self, block: bool = False) -> None:
        """With the time-out of whoever connects."""
        if exchange := _EXCHANGE.get():
            exchange.socket = self
        super().do_handshake(block)

    def _hurry(self) -> Exchange | None:
        exchange = _EXCHANGE.get()
        if exchange is not None:
            left = exchange.until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the whole exchange took too long")
            self.settimeout(left)
            exchange.socket = self
        return exchange

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._hurry()
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """What `sendall` uses; the handshake does not come through here."""
        exchange = self._hurry()
        if exchange is not None:
            exchange.sent = True
        return super().send(*args, **kwargs)


class PinnedContext(ssl.SSLContext):
    """A TLS context that trusts one Pin. `check_hostname` is off where a name proves nothing."""

    sslsocket_class = DatedSocket
    _leaf: bytes | None = None
    _has_ca = False

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """The connection, after the handshake; it is closed when the other side is not the one.

        Raises OtherCertificate, or what the handshake raises.
        """
        wrapped = super().wrap_socket(*args, **kwargs)
        try:
            self._check(wrapped, kwargs.get("server_hostname") or "")
        except BaseException:
            wrapped.close()
            raise
        return wrapped

    def _check(self, wrapped: ssl.SSLSocket, name: str) -> None:
        """The handshake proved the chain; here the certificate itself is looked at.

        A pinned certificate is a trusted end of a chain, so another one that was signed with
        its key would come this far, too.
        """
        if self._leaf is None:
            return  # OpenSSL has compared the name
        shown = wrapped.getpeercert(binary_form=True) or b""
        if hmac.compare_digest(shown, self._leaf):
            return
        if not self._has_ca:
            raise OtherCertificate("not the pinned certificate")
        _require_name(wrapped.getpeercert() or {}, name)


def _require_name(certificate: dict[str, Any], name: str) -> None:
    from urllib3.util.ssl_match_hostname import CertificateError, match_hostname

    try:
        match_hostname(certificate, name)  # type: ignore[arg-type]
    except CertificateError as error:
        raise OtherCertificate(f"not the pinned certificate, and {error}") from None


def pinned_context(pin: Pin) -> PinnedContext:
    """The context for a Pin that names a certificate, CAs, or both.

    Raises UsageError when it names none, or what it names is no certificate.
    """
    context = PinnedContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A pinned certificate, or a CA in between, ends the chain. Python 3.13's strict mode would
    # refuse CAs without keyUsage, which older versions of PVE have made.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    trusted = ders(pin.ca_pem) if pin.ca_pem is not None else ()
    context._has_ca = bool(trusted)
    if pin.certificate_pem is not None or not trusted:
        context._leaf = ders(pin.certificate_pem or b"")[0]
        context.check_hostname = False  # it may be reached as 127.0.0.1; `_check` compares it
        trusted = (context._leaf, *trusted)
    try:
        for certificate in trusted:
            context.load_verify_locations(cadata=certificate)
    except (ValueError, ssl.SSLError) as error:
        raise no_certificate(str(error)) from None
    return context
