"""PIN/UV auth protocols one and two (CTAP 2.1, 6.5.6 and 6.5.7), the key's side."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pve_auth_tui.simnode.softkey.encoding import needed
from pve_auth_tui.simnode.softkey.status import Refusal, Status

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

_BLOCK = 16


class Shared(NamedTuple):
    """The secret that host and key agreed on."""

    protocol: int
    mac_key: bytes
    aes_key: bytes

    def encrypt(self, plain: bytes) -> bytes:
        """AES-256-CBC; protocol two writes a random IV before it."""
        iv = b"" if self.protocol == 1 else os.urandom(_BLOCK)
        working = _aes(self.aes_key, iv or bytes(_BLOCK)).encryptor()
        return iv + working.update(plain) + working.finalize()

    def decrypt(self, data: bytes) -> bytes:
        """Raises Refusal for what is no whole number of blocks."""
        if self.protocol == 1:
            iv, body = bytes(_BLOCK), data
        else:
            iv, body = data[:_BLOCK], data[_BLOCK:]
        if len(iv) != _BLOCK or len(body) % _BLOCK:
            raise Refusal(Status.INVALID_PARAMETER)
        working = _aes(self.aes_key, iv).decryptor()
        return working.update(body) + working.finalize()

    def is_mac(self, message: bytes, mac: bytes) -> bool:
        """Of the shared secret."""
        return is_mac(self.protocol, self.mac_key, message, mac)


def is_mac(protocol: int, key: bytes, message: bytes, mac: bytes) -> bool:
    """HMAC-SHA-256, of which protocol one sends the first half."""
    whole = hmac.digest(key, message, hashlib.sha256)
    return hmac.compare_digest(whole[: 16 if protocol == 1 else 32], mac)


def agree(protocol: int, own: ec.EllipticCurvePrivateKey, host: Mapping[Any, Any]) -> Shared:
    """From the host's public key (COSE). Raises Refusal for what is none."""
    from cryptography.hazmat.primitives.asymmetric import ec

    x, y = needed(host, -2, bytes), needed(host, -3, bytes)
    try:
        public = ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
        ).public_key()
    except ValueError:
        raise Refusal(Status.INVALID_PARAMETER) from None
    secret = own.exchange(ec.ECDH(), public)
    if protocol == 1:
        both = hashlib.sha256(secret).digest()
        return Shared(1, both, both)
    return Shared(2, _derived(secret, b"CTAP2 HMAC key"), _derived(secret, b"CTAP2 AES key"))


def _aes(key: bytes, iv: bytes) -> Cipher[modes.CBC]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CBC(iv))


def _derived(secret: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=bytes(32), info=info).derive(secret)
