"""Certificates of every kind that a directory may show, made on the spot."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC)
Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Shown:
    """A certificate and its key, PEM; `chain` is what a server sends behind it."""

    pem: bytes
    key: bytes
    chain: bytes = b""

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.pem.decode())

    def files(self, folder: Path) -> tuple[Path, Path]:
        cert, key = folder / "server.pem", folder / "server.key"
        cert.write_bytes(self.pem + self.chain)
        key.write_bytes(self.key)
        return cert, key

    def context(self, folder: Path) -> ssl.SSLContext:
        """A server's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(*self.files(folder))
        return context


class Authority:
    """A CA; `above` signed it, else it signed itself. `usage=False`: without keyUsage, as PVE's
    own and many an old one are.
    """

    def __init__(
        self, name: str = "Example CA", above: Authority | None = None, *, usage: bool = True
    ) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer, signer = (above.name, above.key) if above else (self.name, self.key)
        draft = _draft(self.name, issuer, self.key.public_key(), (-400, 3000))
        draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        if usage:
            flags = [False, False, False, False, False, True, True, False, False]
            draft = draft.add_extension(x509.KeyUsage(*flags), True)
        self.certificate = draft.sign(signer, hashes.SHA256())
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        *names: str,
        common_name: str = "some server",
        days: tuple[int, int] = (-1, 300),
        key: Key | None = None,
        purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.SERVER_AUTH,),
        chain: bytes = b"",
    ) -> Shown:
        """Names and addresses go into its subjectAltName; none: it has no such extension."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        beside = {"days": days, "key": key, "purposes": purposes, "chain": chain}
        return _signed(self.name, self.key, names, common_name, **beside)


def self_signed(*names: str) -> Shown:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alone")])
    return _signed(name, key, names, "alone", days=(-1, 300), key=key, purposes=(), chain=b"")


def _signed(issuer, signer, names, common_name, *, days, key, purposes, chain) -> Shown:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    draft = _draft(subject, issuer, key.public_key(), days)
    if names:
        alternative = x509.SubjectAlternativeName([_general(name) for name in names])
        draft = draft.add_extension(alternative, False)
    if purposes:
        draft = draft.add_extension(x509.ExtendedKeyUsage(purposes), False)
    pem = draft.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    encoded = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Shown(pem, encoded, chain)


def _draft(subject, issuer, key, days) -> x509.CertificateBuilder:
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
