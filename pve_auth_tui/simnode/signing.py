"""RSA keys for tickets: made, read, used. The library is loaded when the first one is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

BITS = 2048


def new_key() -> RSAPrivateKey:
    """A key as PVE makes them; takes about a tenth of a second."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(65537, BITS)


def private_pem(key: RSAPrivateKey) -> bytes:
    """`BEGIN RSA PRIVATE KEY`, without a password."""
    from cryptography.hazmat.primitives import serialization as form

    kind = form.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(form.Encoding.PEM, kind, form.NoEncryption())


def public_pem(key: RSAPrivateKey) -> bytes:
    """`BEGIN PUBLIC KEY`."""
    from cryptography.hazmat.primitives import serialization as form

    kind = form.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(form.Encoding.PEM, kind)


def read_private(pem: bytes) -> RSAPrivateKey | None:
    """The key; None when it is none."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def read_public(pem: bytes) -> RSAPublicKey | None:
    """The key; None when it is none."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except ValueError:
        return None
    return key if isinstance(key, RSAPublicKey) else None


def sign(key: RSAPrivateKey, data: bytes) -> bytes:
    """SHA-256, PKCS #1 v1.5."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return key.sign(data, PKCS1v15(), SHA256())


def is_signed(key: RSAPublicKey, signature: bytes, data: bytes) -> bool:
    """Did the other half of this key sign these very bytes?"""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(signature, data, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
