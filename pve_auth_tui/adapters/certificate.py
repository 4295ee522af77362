"""Whose certificate is expected on port 8006, and nobody else's (R5).

On the node itself it is the very file that pveproxy uses, or the CA that signed it; for another
host a CA file or a SHA-256 fingerprint that the user confirmed. There is no way to expect
nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
from collections.abc import Callable
from typing import Final, NamedTuple

from pve_auth_tui.core.errors import Missing, Unreadable, UsageError

_CUSTOM: Final = "pveproxy-ssl.pem"
_OWN: Final = "pve-ssl.pem"
_CA: Final = "etc/pve/pve-root-ca.pem"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PEM: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----[\s\S]{1,65536}?-----END CERTIFICATE-----", re.ASCII
)
_MOST_CERTIFICATES: Final = 64


class Pin(NamedTuple):
    """What the other side must show; a certificate or a CA, of both one is enough.

    `certificate_pem`: this certificate (the first one in the text), under whatever name it is
    reached; `ca_pem`: one that these CAs signed for the name it is reached under;
    `fingerprint`: this alone, the SHA-256 of the certificate as hexadecimal digits with or
    without `:`.
    """

    certificate_pem: bytes | None = None
    ca_pem: bytes | None = None
    fingerprint: str | None = None


def pveproxy_certificate(read: Callable[[str], bytes], node: str = "") -> Pin:
    """The certificate that pveproxy of this node uses, from a Tree's `read`.

    That is pveproxy-ssl.pem if the admin put one there (then PVE's own CA has not signed it),
    else pve-ssl.pem, which PVE's CA signed. `node` is for trees without the link
    etc/pve/local. Raises Unreadable (Missing: there is no certificate at all).
    """
    folder = f"etc/pve/nodes/{node}" if node else "etc/pve/local"
    try:
        return Pin(certificate_pem=_first(read(f"{folder}/{_CUSTOM}"), _CUSTOM))
    except Missing:
        own = _first(read(f"{folder}/{_OWN}"), _OWN)
    try:
        return Pin(certificate_pem=own, ca_pem=read(_CA))
    except Missing:
        return Pin(certificate_pem=own)


def _first(pem: bytes, name: str) -> bytes:
    """A file of pveproxy's may go on with the CAs in between; they prove nothing."""
    found = _PEM.search(pem)
    if found is None:
        raise Unreadable(
            f"There is no certificate in {name}.",
            "pvecm updatecerts --force makes a new one of PVE's own.",
        )
    return found.group()


def ders(pem: bytes) -> tuple[bytes, ...]:
    """The certificates in a text, as DER. Raises UsageError when there is none that is whole."""
    try:
        found = [found.group().decode("ascii") for found in _PEM.finditer(pem)]
        certificates = tuple(map(ssl.PEM_cert_to_DER_cert, found[:_MOST_CERTIFICATES]))
    except ValueError:
        certificates = ()
    if not certificates:
        raise no_certificate()
    return certificates


def no_certificate(original: str = "") -> UsageError:
    """The error for what should be a certificate."""
    return UsageError(
        "That is no certificate, so nobody was asked.",
        "A file for --ca starts with -----BEGIN CERTIFICATE-----.",
        original,
    )


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate as people compare it: `AB:CD:…`."""
    digits = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def fingerprint_problem(text: str) -> str | None:
    """What is wrong with a fingerprint that somebody typed, or None."""
    if _SHA256.fullmatch(_digits(text)):
        return None
    return "A SHA-256 fingerprint has 64 hexadecimal digits."


def is_fingerprint_of(text: str, der: bytes) -> bool:
    """Compared in constant time; False for what is no fingerprint."""
    return hmac.compare_digest(_digits(text).encode(), hashlib.sha256(der).hexdigest().encode())


def _digits(text: str) -> str:
    return text.strip().replace(":", "").lower()


def shown_certificate(host: str, port: int, seconds: float) -> bytes:
    """The certificate (DER) that is shown there: to compare, before anything is sent.

    It says nothing about who shows it; the connection ends after the handshake. Raises what
    `ssl` and `socket` raise; see nettrouble.
    """
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, port), timeout=seconds))
