"""Certificates of CAs for tests, made of a few words, and files that hold them."""

from __future__ import annotations

import datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

NOW = 1_800_000_000.0
DAY = 86_400
_BASE = datetime.datetime.fromtimestamp(NOW, datetime.UTC)


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """The same for the same name, as long as the tests run."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(name: str) -> bytes:
    return key(name).private_bytes(
        Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_der(name: str) -> bytes:
    return key(name).private_bytes(
        Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@cache
def certificate(
    name: str = "Lab Root CA",
    by: str = "",
    *,
    ca: bool | None = True,
    length: int | None = None,
    begins: float = -10,
    ends: float = 3650,
    signs: bool | None = None,
    names: tuple[str, ...] = (),
    subject: x509.Name | None = None,
) -> x509.Certificate:
    """`by` "": by itself. `ca` None: without basicConstraints. `begins`, `ends`: days from NOW."""
    own = subject or _named(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(_named(by) if by else own)
        .public_key(key(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BASE + datetime.timedelta(days=begins))
        .not_valid_after(_BASE + datetime.timedelta(days=ends))
    )
    if ca is not None:
        made = made.add_extension(x509.BasicConstraints(ca, length if ca else None), critical=True)
    if signs is not None:
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "crl_sign", "encipher_only", "decipher_only"), False,
        )  # fmt: skip
        made = made.add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=signs, **usage), critical=True
        )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        made = made.add_extension(alternatives, critical=False)
    return made.sign(key(by or name), hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Lab"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
        ]
    )


def pem(*found: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in found)


def der(one: x509.Certificate) -> bytes:
    return one.public_bytes(Encoding.DER)


def packed(*found: x509.Certificate, encoding: Encoding = Encoding.PEM) -> bytes:
    """PKCS#7."""
    return pkcs7.serialize_certificates(list(found), encoding)


def sha256(one: x509.Certificate) -> str:
    return one.fingerprint(hashes.SHA256()).hex()
