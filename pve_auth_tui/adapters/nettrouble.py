"""Why nobody answered, in a sentence: what sockets, TLS and HTTP say when they fail."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.pinned import OtherCertificate
from pve_auth_tui.core.apianswer import NotAnAnswer
from pve_auth_tui.core.errors import Unreachable, Untrusted

_LOOK_FIRST: Final = "The call may have been carried out all the same: look before you repeat it."
_NO_TLS: Final = {
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}
_NO_ROUTE: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}

# X509_V_ERR_… of OpenSSL
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_ISSUER: Final = {2, 7, 18, 19, 20, 21}  # 7: a CA of the same name with another key
_WRONG_NAME: Final = {62, 64}
_TOO_WEAK: Final = {66, 67, 68}


def unreachable(
    error: BaseException,
    host: str,
    port: int,
    pin: Pin | None = None,
    *,
    sent: bool = False,
    write: bool = False,
) -> Unreachable:
    """The error to raise for what `requests`, `ssl` or `socket` raised.

    `pin` is what was expected of the certificate; `sent`: the other side had proved to be the
    one and got at least a part of the request; `write`: the call would change something.
    Untrusted: nothing was sent. `original` names the innermost cause, never the request.
    """
    causes = list(_causes(error))
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    original = _innermost(causes)
    if not sent:
        message, hint, untrusted = _before(causes, host, where, pin or Pin())
        kind = Untrusted if untrusted else Unreachable
        return kind(message, hint, original)
    message, hint = _after(causes, where)
    return Unreachable(message, _LOOK_FIRST if write else hint, original, unsure=write)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that is wrapped in it, each once, from the outside in."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        waiting += [cause for cause in inner if isinstance(cause, BaseException)]


def _innermost(causes: list[BaseException]) -> str:
    """Only errors of the standard library and ours: others quote addresses and requests."""
    kinds = (OSError, http.client.HTTPException, NotAnAnswer)
    found = [cause for cause in causes if isinstance(cause, kinds)]
    plain = [cause for cause in found if not type(cause).__module__.startswith("requests")]
    cause = plain[-1] if plain else causes[-1]
    return f"{type(cause).__name__}: {cause}" if plain else type(cause).__name__


def _before(causes: list[BaseException], host: str, where: str, pin: Pin) -> tuple[str, str, bool]:
    """(sentence, next step, whether somebody else may stand there) of a connection that failed."""
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return *_certificate(cause, host, where, pin), True
        if isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS:
            return (
                f"What listens on {where} does not speak TLS, so it is not pveproxy.",
                f"Nothing was sent to it. See who it is: ss -ltnp 'sport = :{_port(where)}'.",
                True,
            )
        if isinstance(cause, socket.gaierror | UnicodeError):  # or it cannot be a name at all
            return (
                f"The name {host} is not known here.",
                "Try the address, or look at DNS.",
                False,
            )
        if isinstance(cause, ConnectionRefusedError):
            return (
                f"Nobody listens on {where}.",
                "On that node: systemctl status pveproxy.",
                False,
            )
        if isinstance(cause, OSError) and cause.errno in _NO_ROUTE:
            return (f"There is no way in the network to {host}.", "Look at ip route.", False)
    if any(_is_late(cause) for cause in causes):
        opened = not any(type(cause).__name__ == "ConnectTimeoutError" for cause in causes)
        return (
            f"{where} takes connections, but says nothing."
            if opened
            else f"{where} did not answer in time.",
            "On that node: systemctl status pveproxy. From elsewhere a firewall may drop it.",
            False,
        )
    if any(isinstance(cause, ssl.SSLError) and not _broke_off(cause) for cause in causes):
        return (
            f"{where} and this program find no common kind of TLS.",
            "TLS 1.2 or 1.3 is needed: see CIPHERS and DISABLE_TLS_1_* in /etc/default/pveproxy.",
            True,
        )
    return (
        f"{where} broke the connection off before anything was said.",
        "pveproxy does so when /etc/default/pveproxy denies the address (DENY_FROM, POLICY).",
        False,
    )


def _port(where: str) -> str:
    return where.rpartition(":")[2]


def _certificate(
    cause: ssl.SSLCertVerificationError, host: str, where: str, pin: Pin
) -> tuple[str, str]:
    """Which expectation failed."""
    code = getattr(cause, "verify_code", 0)
    if code == _EXPIRED:
        return (
            f"The certificate of {where} has expired, or a clock is wrong.",
            "Compare the clocks. On the node pvecm updatecerts --force renews PVE's own.",
        )
    if code == _NOT_YET_VALID:
        return (f"The certificate of {where} is not valid yet, or a clock is wrong.", "See date.")
    if pin.fingerprint is not None:
        return (
            f"{where} shows a certificate with another fingerprint than the confirmed one.",
            "Nothing was sent. Compare it again on the node before you confirm a new one.",
        )
    if code in _WRONG_NAME or (pin.certificate_pem is None and isinstance(cause, OtherCertificate)):
        return (
            f"The certificate of {where} is for another name than {host}.",
            "Use a name that stands in it, or confirm its fingerprint with --fingerprint.",
        )
    if code in _TOO_WEAK:
        return (
            f"The certificate of {where} is too weak to prove anything.",
            "Keys of 2048 bits and SHA-256 are the least that is taken.",
        )
    if code and code not in _UNKNOWN_ISSUER and not isinstance(cause, OtherCertificate):
        return (f"The certificate of {where} is not in order.", "See openssl s_client -connect.")
    if pin.certificate_pem is not None:
        return (
            f"{where} shows another certificate than the one that pveproxy is set to use.",
            "Nothing was sent. If it was renewed just now: systemctl restart pveproxy. If not,"
            f" somebody else listens there: ss -ltnp 'sport = :{_port(where)}'.",
        )
    return (
        f"The certificate of {where} is not signed by the given CA.",
        "Nothing was sent. PVE's own CA is /etc/pve/pve-root-ca.pem; a node with a custom"
        " certificate needs the CA that signed that one.",
    )


def _after(causes: list[BaseException], where: str) -> tuple[str, str]:
    """(sentence, next step for a call that only reads) of an answer that did not come whole."""
    for cause in causes:
        if isinstance(cause, NotAnAnswer):
            return (
                f"{where} answered with {cause}, so it is not PVE's API, or it broke off.",
                "Try again; if it stays, look at systemctl status pveproxy pvedaemon.",
            )
    if any(_is_late(cause) for cause in causes):
        return (
            f"{where} took the request, but the answer did not come in time.",
            "The node may be busy: try again.",
        )
    if any(_is_no_http(cause) for cause in causes):
        return (
            f"{where} does not answer as a web server does.",
            "Look at systemctl status pveproxy on that node.",
        )
    return (
        f"{where} broke the connection off before its answer was complete.",
        "Try again. On that node: systemctl status pveproxy pvedaemon.",
    )


def _is_late(cause: BaseException) -> bool:
    return isinstance(cause, TimeoutError) or type(cause).__name__ in {
        "ConnectTimeoutError",
        "ReadTimeoutError",
    }


def _broke_off(cause: BaseException) -> bool:
    return isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _is_no_http(cause: BaseException) -> bool:
    if isinstance(cause, http.client.RemoteDisconnected | http.client.IncompleteRead):
        return False
    return isinstance(cause, http.client.HTTPException)
