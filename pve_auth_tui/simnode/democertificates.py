"""The demo's CA, and the certificates of its directories and its provider.

Keys follow from made-up words, so everybody can make them: nothing real may trust this CA. Only
the CA's certificate is written down (`rack_certificates.CA`), as the node's store of CAs holds it
from the start; the others are made when a server needs one.

Time: days are counted with the demo's clock, which stands in November 2026 whatever the real date
is, while OpenSSL looks at the machine's clock. So the dates in certificates are the demo's, and
whoever connects in the demo lets OpenSSL judge everything but them (`NO_CHECK_TIME`). Only where
a story is about a certificate's dates OpenSSL judges them, too: then all dates are made to hold,
or not to hold, by both clocks.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from pve_auth_tui.simnode import made_up

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    Key = EllipticCurvePrivateKey | RSAPrivateKey

NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of openssl/x509_vfy.h
ABOUT_TIME: Final = frozenset({"expired certificate", "certificate not yet valid"})
CA_NAME: Final = "Simulated CA of pve-auth-tui (demo)"
_DAY: Final = 86400
_AGE: Final = 124  # days that a certificate is old: those of AD CS live a year
_CA_START = datetime(2020, 1, 1, tzinfo=UTC)
_CA_END = datetime(2099, 12, 31, tzinfo=UTC)
_P256_ORDER_BELOW: Final = 1 << 255


@dataclass(frozen=True)
class Shown:
    """What a server shows: `names` and addresses it is for, for so many days from `since`."""

    names: tuple[str, ...]
    days: int
    since: float


def server_context(
    shown: Shown, faults: Collection[str], *, judged: bool = False
) -> ssl.SSLContext:
    """For the server's side of TLS, with what is wrong there; `judged`: OpenSSL looks at dates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if "tls 1.3 only" in faults:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if "tls 1.2 only" in faults:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if "weak certificate" in faults:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    chain, key = pair(shown, faults, judged=judged)
    load_pair(context, chain, key)
    if "client certificate wanted" in faults:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=ca_pem())
        context.verify_flags |= NO_CHECK_TIME
    return context


def pair(
    shown: Shown, faults: Collection[str] = (), *, judged: bool = False
) -> tuple[bytes, bytes]:
    """(certificates, key) in PEM."""
    return _chain(shown, frozenset(faults), int(time.time()) // _DAY if judged else 0)


def load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Let a context show a certificate; its key never stands in a file. Raises OSError."""
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(certificate + b"\n" + key)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")


def ca_pem() -> str:
    """The CA's certificate as the node's store has it."""
    from pve_auth_tui.simnode.rack_certificates import CA

    return CA


def make_ca() -> bytes:
    """The CA's certificate anew: always the same octets (Ed25519 signs without chance)."""
    return _pem(_sign(CA_NAME, CA_NAME, _ca_key(), _ca_key(), (_CA_START, _CA_END), ca=True))


@lru_cache(maxsize=32)
def _chain(shown: Shown, faults: frozenset[str], today: int) -> tuple[bytes, bytes]:
    """(certificates, key) in PEM; `today`: the machine's day where OpenSSL judges dates, else 0."""
    dates = _dates(shown, faults, today * _DAY)
    names = ("other.example.com",) if "other name" in faults else shown.names
    key = _server_key(names[0], weak="weak certificate" in faults)
    issuer: Any = _ca_key()
    issued_by = CA_NAME
    if "self-signed certificate" in faults:
        issuer, issued_by = key, names[0]
    elif "unknown CA" in faults:
        issuer, issued_by = _made_key("another CA"), "Some other CA"
    elif "incomplete chain" in faults:
        issuer, issued_by = _made_key("middle CA"), "Simulated issuing CA (demo)"
    purpose = "clientAuth" if "certificate not for servers" in faults else "serverAuth"
    made = _sign(names[0], issued_by, key, issuer, dates, names=names, purpose=purpose)
    return _pem(made), _key_pem(key)


def _dates(shown: Shown, faults: frozenset[str], real: int) -> tuple[datetime, datetime]:
    """By the demo's clock; where OpenSSL looks, so that the machine's clock agrees."""
    now = datetime.fromtimestamp(shown.since, UTC)
    start, end = now - timedelta(days=_AGE), now + timedelta(days=shown.days)
    if real:
        here = datetime.fromtimestamp(real, UTC)
        early, late = min(now, here), max(now, here)
        if "expired certificate" in faults:
            return early - timedelta(days=366), early - timedelta(days=3)
        if "certificate not yet valid" in faults:
            return late + timedelta(days=3), late + timedelta(days=368)
        return min(start, here - timedelta(days=1)), max(end, here + timedelta(days=shown.days))
    return start, end


def _ca_key() -> Ed25519PrivateKey:
    return _made_key("CA")


def _made_key(label: str) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(made_up.some_bytes(f"demo key {label}", 32))


def _server_key(name: str, *, weak: bool) -> Key:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if weak:
        return rsa.generate_private_key(65537, 1024)  # noqa: S505 (that is the story)
    secret = int.from_bytes(made_up.some_bytes(f"demo server {name}", 32), "big")
    return ec.derive_private_key(secret % _P256_ORDER_BELOW + 1, ec.SECP256R1())


def _sign(
    subject: str,
    issuer: str,
    key: Any,
    issuer_key: Any,
    dates: tuple[datetime, datetime],
    *,
    names: Sequence[str] = (),
    purpose: str = "serverAuth",
    ca: bool = False,
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID as Use

    start, end = dates

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    serial = int.from_bytes(made_up.some_bytes(f"serial {issuer} {subject} {start} {end}", 16))
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(serial >> 1 | 1)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issued_by, critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_usage(ca=ca), critical=True)
    )
    if not ca:
        uses = [Use.SERVER_AUTH if purpose == "serverAuth" else Use.CLIENT_AUTH]
        alternatives = x509.SubjectAlternativeName([_alternative(each) for each in names])
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        builder = builder.add_extension(alternatives, critical=False)
    algorithm = None if isinstance(issuer_key, Ed25519PrivateKey) else SHA256()
    return builder.sign(issuer_key, algorithm)


def _alternative(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, ca: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=not ca,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: Key) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    kind = form.PrivateFormat.PKCS8
    return key.private_bytes(form.Encoding.PEM, kind, form.NoEncryption())
