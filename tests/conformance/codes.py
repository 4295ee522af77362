"""One-time codes as an authenticator app shows them (RFC 6238), for parameters that a recording
asks to be computed anew."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

_SECRET = re.compile(r"\b[A-Z2-7]{16,}\b")
_CODE = re.compile(r"\d+$")
_HASHES = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


def code_for(explanation: str, recorded: str, uris: Iterable[str], when: float) -> str | None:
    """`recorded` with the code that is right at `when` (seconds since 1970) in its place.

    The explanation names the secret: `TOTP code of secret JBSW... now`; how its codes are made
    stands in that one of the `otpauth:` addresses which has it. None: no secret is named.
    """
    secret = _SECRET.search(explanation)
    digits = _CODE.search(recorded)
    if "code of" not in explanation or not secret or not digits:
        return None
    uri = next((uri for uri in uris if f"secret={secret[0]}" in uri), "")
    length = len(digits[0])
    return recorded[: -length or None] + totp(
        secret[0],
        when,
        length,
        int(_option(uri, "period", "30")),
        _option(uri, "algorithm", "SHA1"),
    )


def totp(
    secret: str, when: float, digits: int = 6, period: int = 30, algorithm: str = "SHA1"
) -> str:
    """The code of a secret (base32) at a time."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = (int(when) // period).to_bytes(8, "big")
    mac = hmac.new(key, counter, _HASHES[algorithm]).digest()
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def _option(uri: str, name: str, usual: str) -> str:
    found = re.search(rf"[?&]{name}=([^&]*)", uri)
    return found[1] if found else usual
