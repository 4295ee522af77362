"""One address asked over https, with the standard library alone.

Nothing is sent before the other side has shown a certificate that only that node has (R5); then
one GET, with a ticket made for it where one can be made (R18).
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.parse import quote

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.neighbours.material import Peer
from pve_auth_tui.adapters.pinned import PinnedContext, one_exchange, pinned_context
from pve_auth_tui.core.apianswer import NotAnAnswer, data_of
from pve_auth_tui.core.apipath import as_bytes
from pve_auth_tui.core.errors import ApiError, UsageError
from pve_auth_tui.core.hostnames import host_name
from pve_auth_tui.core.recover.neighbour import (
    PORT,
    Came,
    Outcome,
    ahead,
    no_way,
    nobody,
    of_status,
    refused_clause,
    shared_certificate,
    status,
    web_address,
)
from pve_auth_tui.core.secret import Secret

_CONNECT: Final = 3.0  # seconds
_LEAST: Final = 0.1
_MOST_BYTES: Final = 1024 * 1024  # R12
_NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL
_STATUS: Final = "/api2/json/cluster/status"
_NOBODY: Final = {errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT}
_NO_WAY: Final = {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

Ticket = Callable[[], Secret | None]


class _Somebody(Exception):
    """Who took the connection did not prove to be the node. The clause, with {} for the place."""


def ask_https(
    peer: Peer,
    address: str,
    place: tuple[str, int],
    seconds: float,
    *,
    ticket: Ticket,
    now: Callable[[], float],
) -> Outcome:
    """What comes of it; within so many seconds, and never raises.

    `place`: host and port to connect to; `ticket` is called once the node has proved itself.
    """
    try:
        contexts = [_context(pin) for pin in peer.certificates]
    except UsageError:
        why = f"what is kept here as the certificate of {peer.name} is none"
        return Outcome(address, Came.UNASKED, why)
    try:
        with one_exchange(seconds), _line(contexts, peer.name, place, seconds) as line:
            web = web_address(peer.name, peer.full, address, _names(line))
            return _asked(peer, address, line, ticket, now)._replace(web=web)
    except _Somebody as somebody:
        return Outcome(address, Came.SOMEBODY, str(somebody).format(f"{address}:{PORT}"))
    except OSError as error:
        return _failed(address, error)


def _failed(address: str, error: OSError) -> Outcome:
    """Of a connection that nobody took. A limit of this machine is nobody's silence."""
    if isinstance(error, ConnectionRefusedError):
        why = f"{address} refuses port {PORT}: a machine is there, its pveproxy is not"
        return Outcome(address, Came.SOMEBODY, why)
    if isinstance(error, TimeoutError) or error.errno in _NOBODY:
        return Outcome(address, Came.NOBODY, nobody(address))
    if error.errno in _NO_WAY:
        return Outcome(address, Came.NO_WAY, no_way(address))
    why = f"{address} could not be asked: {os.strerror(error.errno or errno.EIO)}"
    return Outcome(address, Came.UNASKED, why)


@contextmanager
def _line(
    contexts: Sequence[PinnedContext], name: str, place: tuple[str, int], seconds: float
) -> Iterator[ssl.SSLSocket]:
    """The connection to the node. Raises OSError when nobody takes it, _Somebody."""
    until = time.monotonic() + seconds
    other = _Somebody("somebody else answers at {}: another certificate")
    for number, context in enumerate(contexts):
        left = max(_LEAST, until - time.monotonic())
        try:
            raw = socket.create_connection(place, min(left, _CONNECT))
        except OSError:
            if number:  # somebody has taken the one before
                raise other from None
            raise
        try:
            line = context.wrap_socket(raw, server_hostname=name)
        except ssl.SSLCertVerificationError:
            continue
        except (OSError, ValueError):
            raise _Somebody("somebody at {} takes connections, and is no pveproxy") from None
        finally:
            raw.close()  # the connection itself has moved into `line`
        with line:
            yield line
        return
    raise other


def _context(pin: Pin) -> PinnedContext:
    """Raises UsageError for a file that holds no certificate.

    The very certificate proves the node whatever the time is: a clock that is years behind is
    one of the things that are to be found out here. A CA's signature has its time.
    """
    context = pinned_context(pin)
    if pin.certificate_pem is not None:
        context.verify_flags |= _NO_CHECK_TIME
    return context


def _names(line: ssl.SSLSocket) -> list[str]:
    alternative = (line.getpeercert() or {}).get("subjectAltName", ())
    return [str(entry[1]) for entry in alternative if entry[0] == "DNS"]


def _asked(
    peer: Peer, address: str, line: ssl.SSLSocket, ticket: Ticket, now: Callable[[], float]
) -> Outcome:
    """Of whoever has shown the node's certificate."""
    came = Came.SOMEBODY if peer.shared else Came.PROVED
    doubt = shared_certificate(address) if peer.shared else ""
    date: float | None = None
    minted = ticket()
    try:
        answer = _got(line, peer, _STATUS if minted else "/", minted)
        date = ahead(answer.getheader("Date", ""), now())
        if minted is None:
            why = "no ticket can be made here, so it was not asked over https"
            return Outcome(address, came, doubt or why, ahead=date)
        told = status(data_of(answer.status, answer.reason, _body(answer)))
    except ApiError as error:
        return Outcome(address, came, doubt or refused_clause(error.code), ahead=date)
    except (OSError, HTTPException, NotAnAnswer, ValueError):
        why = f"{address} shows its certificate, but pveproxy gives no proper answer"
        return Outcome(address, came, doubt or why, ahead=date)
    return of_status(peer.name, address, told, shared=peer.shared)._replace(ahead=date)


def _got(line: ssl.SSLSocket, peer: Peer, path: str, ticket: Secret | None) -> HTTPResponse:
    """The head of the answer. Python's own connections would open another one, unproved."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host_name(peer.full) or peer.name}:{PORT}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "User-Agent: pve-auth-tui",
        "Connection: close",
    ]
    if ticket is not None:
        lines.append(f"Cookie: PVEAuthCookie={quote(as_bytes(ticket.reveal()), safe='')}")
    line.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    answer = HTTPResponse(line, method="GET")
    answer.begin()
    return answer


def _body(answer: HTTPResponse) -> bytes:
    """All of it. Raises NotAnAnswer for what pveproxy does not send."""
    if answer.getheader("Transfer-Encoding") or answer.getheader("Content-Encoding"):
        raise NotAnAnswer("a packed answer that nobody asked for")
    body = answer.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise NotAnAnswer("more than 1 MiB")
    return body
