"""What a software key holds: credentials, and the certificate of its make."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

ES256, EDDSA = -7, -8
AAGUID: Final = bytes.fromhex("70766561757468747569766972746b79")
_AAGUID_EXTENSION: Final = "1.3.6.1.4.1.45724.1.1.4"  # WebAuthn 8.2.1
_DAY: Final = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass
class Credential:
    """`rp_hash`: SHA-256 of the relying party's id, which U2F alone knows."""

    id: bytes
    rp_hash: bytes
    key: Private
    user: Mapping[str, Any] = field(default_factory=dict)
    resident: bool = False

    @property
    def algorithm(self) -> int:
        """COSE's number."""
        from cryptography.hazmat.primitives.asymmetric import ed25519

        return EDDSA if isinstance(self.key, ed25519.Ed25519PrivateKey) else ES256

    @property
    def cose(self) -> dict[int, Any]:
        """The public key (RFC 8152, 13)."""
        from cryptography.hazmat.primitives.asymmetric import ed25519

        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            raw = self.key.public_key().public_bytes_raw()
            return {1: 1, 3: EDDSA, -1: 6, -2: raw}
        return {1: 2, 3: ES256, **coordinates(self.key)}

    @property
    def point(self) -> bytes:
        """The public key of ES256 as U2F writes it: 0x04, x, y."""
        return b"\x04" + bytes(self.cose[-2]) + bytes(self.cose[-3])

    def sign(self, message: bytes) -> bytes:
        """DER for ES256."""
        return sign(self.key, message)


def new_private(algorithm: int) -> Private:
    """A fresh one for COSE's number."""
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return ed25519.Ed25519PrivateKey.generate() if algorithm == EDDSA else new_point()


def new_point() -> ec.EllipticCurvePrivateKey:
    """A fresh private key on P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def private_number(number: int) -> Private:
    """The private key that is this number, on P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(number, ec.SECP256R1())


def coordinates(key: ec.EllipticCurvePrivateKey) -> dict[int, Any]:
    """COSE's curve, x and y of a key on P-256."""
    numbers = key.public_key().public_numbers()
    return {-1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def sign(key: Private, message: bytes) -> bytes:
    """With the one algorithm that a key has here."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, ec.ECDSA(SHA256()))


def rp_hash(rp_id: str) -> bytes:
    """How a relying party is called in what keys sign."""
    return hashlib.sha256(rp_id.encode()).digest()


class Make:
    """The attestation of a make of keys."""

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """Its private key."""
        return new_point()

    @cached_property
    def certificate(self) -> bytes:
        """Its certificate (DER), with what WebAuthn 8.2.1 wants in it."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.x509.oid import NameOID

        told = {
            NameOID.COUNTRY_NAME: "XX",
            NameOID.ORGANIZATION_NAME: "Test Keys",
            NameOID.ORGANIZATIONAL_UNIT_NAME: "Authenticator Attestation",
            NameOID.COMMON_NAME: "Software security key",
        }
        name = x509.Name([x509.NameAttribute(each, value) for each, value in told.items()])
        kind = x509.ObjectIdentifier(_AAGUID_EXTENSION)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(_DAY)
            .not_valid_after(_DAY + timedelta(days=7300))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.UnrecognizedExtension(kind, b"\x04\x10" + AAGUID), critical=False)
            .sign(self.key, SHA256())
            .public_bytes(serialization.Encoding.DER)
        )
