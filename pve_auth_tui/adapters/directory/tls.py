"""TLS over a socket that is open: the handshake, what the server shows, why it fails."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final

from pve_auth_tui.core.directory import verifycodes
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.peername import address_of, is_for

LONGEST_CHAIN: Final = 32  # certificates; OpenSSL itself takes 100 KiB of them
_DER: Final = 2  # what `_ssl.Certificate.public_bytes` calls it
_CERTIFICATE_REQUEST: Final = 13  # RFC 5246 7.4
_NO_TLS: Final = {
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}
_NO_AGREEMENT: Final = {
    "BAD_PROTOCOL_VERSION_NUMBER",
    "DH_KEY_TOO_SMALL",
    "EE_KEY_TOO_SMALL",
    "INSUFFICIENT_SECURITY",
    "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED",
    "NO_CIPHERS_AVAILABLE",
    "NO_PROTOCOLS_AVAILABLE",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
    "UNSUPPORTED_PROTOCOL",
    "VERSION_TOO_LOW",
    "WRONG_CIPHER_RETURNED",
    "WRONG_SIGNATURE_TYPE",
    "WRONG_SSL_VERSION",
}
_OURS_REFUSED: Final = {
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_REVOKED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "TLSV1_ALERT_ACCESS_DENIED",
    "TLSV1_ALERT_UNKNOWN_CA",
}


class BadCertificate(Exception):
    """OpenSSL's verdict, or ours on the name: `code` and `reason`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NoAgreement(Exception):
    """Both speak TLS, but no version or cipher is common: `reason` is OpenSSL's."""


class BrokenOff(Exception):
    """The connection ended in the middle of the handshake, for whatever reason; Windows ends it
    without a word where no version is common.
    """


@dataclass
class Wishes:
    """What a server asked for during a handshake."""

    certificate: bool = False

    def watch(self, context: ssl.SSLContext) -> None:
        """TLS 1.2 tells a missing client certificate from no common cipher by nothing else. Python
        shows handshakes through this hook only, which it does not document: without it, that
        difference is not told.
        """

        def seen(_line: Any, direction: str, _version: Any, _kind: Any, what: Any, _: Any) -> None:
            if direction == "read" and what == _CERTIFICATE_REQUEST:
                self.certificate = True

        if hasattr(context, "_msg_callback"):
            context._msg_callback = seen


def shaken(
    plain: socket.socket,
    context: ssl.SSLContext,
    host: str,
    seconds: float,
    wishes: Wishes | None = None,
) -> ssl.SSLSocket:
    """TLS above an open socket, which is closed when that fails; where the context verifies, the
    server is the one that `host` names. `wishes` hears what the server asks for.

    Raises BadCertificate, NoAgreement, BrokenOff, DirectoryTrouble (NO_TLS, SILENT,
    CLIENT_CERT_WANTED).
    """
    wishes = wishes or Wishes()
    wishes.watch(context)
    plain.settimeout(seconds)
    try:
        line = context.wrap_socket(plain, server_hostname=_sent_name(host))
    except (OSError, ValueError) as error:
        plain.close()
        raise _trouble(error, host, wishes) from None
    if not line.version():
        # Python makes no handshake where the other side has hung up, and would write in the clear
        line.close()
        raise BrokenOff("closed before the handshake")
    if context.verify_mode == ssl.CERT_REQUIRED and (code := _name_verdict(line, host)):
        line.close()
        raise BadCertificate(code, verifycodes.REASONS[code])
    return line


def chain(line: ssl.SSLSocket) -> tuple[bytes, ...]:
    """What the server showed, as DER: its own first."""
    if hasattr(line, "get_unverified_chain"):  # from Python 3.13 on
        return tuple(line.get_unverified_chain())[:LONGEST_CHAIN]
    inner: Any = getattr(line, "_sslobj", None)  # before that, one level below
    if hasattr(inner, "get_unverified_chain"):
        shown = inner.get_unverified_chain() or ()
        return tuple(one.public_bytes(_DER) for one in shown[:LONGEST_CHAIN])
    own = line.getpeercert(binary_form=True)
    return (own,) if own else ()


def certificate_wanted(host: str, original: str) -> DirectoryTrouble:
    """None was shown, or one that the server does not know."""
    return DirectoryTrouble(
        Cause.CLIENT_CERT_WANTED,
        f"{host} wants a client certificate that it knows.",
        original=original,
    )


def _sent_name(host: str) -> str | None:
    """For SNI: names only, and only those that can be one."""
    name = host.rstrip(".")
    if address_of(name) is not None:
        return None
    try:
        name.encode("idna")
    except UnicodeError:
        return None
    return name or None


def _name_verdict(line: ssl.SSLSocket, host: str) -> int:
    """0 or OpenSSL's code for another name or address."""
    shown = line.getpeercert() or {}
    names: list[str] = []
    addresses: list[str] = []
    for kind, value in _pairs(shown.get("subjectAltName")):
        if kind == "DNS":
            names.append(value)
        elif kind == "IP Address":
            addresses.append(value)
    if is_for(host, names, addresses, _common_name(shown.get("subject"))):
        return verifycodes.OK
    address = address_of(host) is not None
    return verifycodes.OTHER_ADDRESS if address else verifycodes.OTHER_NAME


def _common_name(subject: Any) -> str:
    """The first one, as X509_NAME_get_text_by_NID finds it."""
    for part in subject or ():
        for kind, value in _pairs(part):
            if kind == "commonName":
                return value
    return ""


def _pairs(found: Any) -> list[tuple[str, str]]:
    return [(str(one[0]), str(one[1])) for one in found or () if len(one) == 2]


def _trouble(error: Exception, host: str, wishes: Wishes) -> Exception:
    if isinstance(error, ssl.SSLCertVerificationError):
        return BadCertificate(error.verify_code, error.verify_message)
    if isinstance(error, TimeoutError):
        return DirectoryTrouble(Cause.SILENT, f"{host} does not answer the TLS handshake.")
    reason = str(getattr(error, "reason", "") or "")
    if reason in _NO_TLS:
        return DirectoryTrouble(
            Cause.NO_TLS, f"{host} speaks no TLS on this port.", original=reason
        )
    if wishes.certificate or reason in _OURS_REFUSED:
        return certificate_wanted(host, reason or str(error))
    if reason in _NO_AGREEMENT:
        return NoAgreement(reason)
    return BrokenOff(reason or str(error))
