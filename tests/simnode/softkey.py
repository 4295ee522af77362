"""A security key in software, for tests: it makes what a browser would send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from pve_auth_tui.core.tfafile import encode_base64url

RP, ORIGIN = "pve1.example.com", "https://pve1.example.com:8006"
PRESENT, ATTESTED = 0x01, 0x40
ALGORITHMS = {"ES256": -7, "RS256": -257}
MAKER = {"C": "SE", "O": "Maker", "OU": "Authenticator Attestation", "CN": "maker"}
_NAMES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class SoftKey:
    """One credential; `parts` that are given replace what it would say by itself."""

    def __init__(self, algorithm: str = "ES256", *, rsa_key: rsa.RSAPrivateKey | None = None):
        self.algorithm = algorithm
        self.counter = 1
        self.id = hashlib.sha256(repr(id(self)).encode()).digest()
        self.key: Any = rsa_key if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())

    @property
    def cose(self) -> bytes:
        """The public key."""
        numbers = self.key.public_key().public_numbers()
        if self.algorithm == "RS256":
            e, n = numbers.e.to_bytes(3, "big"), numbers.n.to_bytes(256, "big")
            return cbor2.dumps({1: 3, 3: -257, -1: n, -2: e})
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def sign(self, data: bytes) -> bytes:
        if self.algorithm == "RS256":
            return self.key.sign(data, padding.PKCS1v15(), SHA256())
        return self.key.sign(data, ec.ECDSA(SHA256()))

    def auth_data(self, *, flags: int = PRESENT, attested: bool = False, aaguid: bytes = b"k" * 16):
        head = hashlib.sha256(RP.encode()).digest()
        counter = self.counter.to_bytes(4, "big")
        if not attested:
            return head + bytes([flags]) + counter
        body = aaguid + len(self.id).to_bytes(2, "big") + self.id + self.cose
        return head + bytes([flags | ATTESTED]) + counter + body

    def create(self, challenge: str, form: str = "none", **parts: Any) -> dict[str, Any]:
        """The value of the second POST."""
        client = client_data("webauthn.create", challenge, **parts.pop("client", {}))
        aaguid = bytes(16) if form == "fido-u2f" else b"k" * 16
        auth = parts.pop("auth", None) or self.auth_data(attested=True, aaguid=aaguid)
        statement = self.statement(form, auth, hashlib.sha256(client).digest())
        attestation = {"fmt": form, "attStmt": statement, "authData": auth}
        response = {
            "attestationObject": encode_base64url(cbor2.dumps(attestation)),
            "clientDataJSON": encode_base64url(client),
        }
        return self._credential(response)

    def statement(self, form: str, auth: bytes, client_hash: bytes) -> dict[str, Any]:
        if form == "packed":
            return {"alg": ALGORITHMS[self.algorithm], "sig": self.sign(auth + client_hash)}
        if form == "fido-u2f":
            maker = ec.generate_private_key(ec.SECP256R1())
            numbers = self.key.public_key().public_numbers()
            point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
            data = b"\0" + auth[:32] + client_hash + self.id + point
            return {"sig": maker.sign(data, ec.ECDSA(SHA256())), "x5c": [certificate(maker)]}
        return {}

    def get(self, challenge: str, **parts: Any) -> dict[str, Any]:
        """What follows `webauthn:` in a login."""
        self.counter += 1
        client = client_data("webauthn.get", challenge, **parts.pop("client", {}))
        auth = parts.pop("auth", None) or self.auth_data()
        response = {
            "authenticatorData": encode_base64url(auth),
            "clientDataJSON": encode_base64url(client),
            "signature": encode_base64url(self.sign(auth + hashlib.sha256(client).digest())),
        }
        return self._credential(response)

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = encode_base64url(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def client_data(kind: str, asked: str, **parts: Any) -> bytes:
    """What the browser adds."""
    said = {"type": kind, "challenge": asked, "origin": ORIGIN, "crossOrigin": False}
    return json.dumps({**said, **parts}).encode()


def certificate(
    key: ec.EllipticCurvePrivateKey,
    subject: Mapping[str, str] = MAKER,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A maker's certificate (DER); an extension is a value and whether it is critical."""
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(_NAMES[n], v) for n, v in subject.items()]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_DAY)
        .not_valid_after(_DAY + timedelta(days=9000))
    )
    for extension, critical in extensions:
        made = made.add_extension(extension, critical)
    return made.sign(key, SHA256()).public_bytes(serialization.Encoding.DER)
