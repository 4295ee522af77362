"""Values that look random and are the same every time: nothing here protects anything.

Every value follows from a label alone, so that a demo built twice is equal byte for byte.
Where a value is a secret by its kind, it carries a word that gives it away as made up.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from hashlib import blake2b

FAKE_UUID_START = "decafbad"
FAKE_TOTP_START = "DEMO"
PASSWORD = "demo-password"  # noqa: S105 (of nobody real)
"""The password of everybody in the demo who has one."""
BIND_PASSWORD = "demo-bind-password"  # noqa: S105 (of nobody real)
"""The one with which PVE reads the demo's directory."""
PASSWORD_HASH = "$5$demo.made.up$GFh/lh0iFrWKrQWXyeJx4h2Pohlyb7WaERIKCIkk7Q7"  # noqa: S105
"""Its SHA-256 crypt hash, written down: 200 of them would take a second to compute."""
_CRYPT_SIGNS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def some_bytes(label: str, size: int) -> bytes:
    """`size` bytes, 64 at most."""
    return blake2b(label.encode(), digest_size=size).digest()


def number(label: str, below: int) -> int:
    """A number from 0 to `below` - 1."""
    return int.from_bytes(some_bytes(label, 8), "big") % below


def uuid(label: str) -> str:
    """An id in the form of a random UUID (version 4)."""
    digits = some_bytes(label, 16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def token_secret(label: str) -> str:
    """The UUID of an API token; it begins like no real one."""
    return FAKE_UUID_START + uuid(f"token {label}")[8:]


def totp_secret(label: str, length: int = 32) -> str:
    """Base32 without padding; 32 characters as PVE's web UI makes them, 16 the old way."""
    text = b32encode(some_bytes(f"totp {label}", 40)).decode()
    return FAKE_TOTP_START + text[len(FAKE_TOTP_START) : length]


def password_hash(label: str) -> str:
    """In the form of a SHA-256 crypt hash. No password gives it: it was never computed."""
    signs = some_bytes(f"hash {label}", 43)
    return "$5$madeup..$" + "".join(_CRYPT_SIGNS[byte % 64] for byte in signs)


def recovery_hashes(label: str, secret: str) -> list[str]:
    """Ten recovery keys as PVE stores them: HMAC-SHA256 keyed with the secret's text.

    Source: reference/pve-access.md 7.4. The keys themselves follow from the label.
    """
    hashes = []
    for place in range(10):
        digits = some_bytes(f"recovery {label} {place}", 8).hex()
        code = "-".join(digits[start : start + 4] for start in range(0, 16, 4))
        hashes.append(hmac.new(secret.encode(), code.encode(), "sha256").hexdigest())
    return hashes
