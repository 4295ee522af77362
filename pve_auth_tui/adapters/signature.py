"""Whether a stored public key has signed something, by cryptography."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pve_auth_tui.core.errors import AuthTuiError, Unreadable

ES256: Final = -7
RS256: Final = -257
_MOST_BITS: Final = 4096  # of an RSA key; a signature check takes time


def verified(public_key: Mapping[str, Any], signature: bytes, data: bytes) -> bool:
    """ES256 and RS256, as `core.webauthn.Stored` has them: what PVE takes.

    Raises Unreadable for a public key that is none, AuthTuiError without cryptography.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
        from cryptography.hazmat.primitives.hashes import SHA256
    except ImportError as error:
        raise AuthTuiError(
            "Signatures cannot be checked: the Python module cryptography is missing.",
            "apt install python3-cryptography",
            str(error),
        ) from error
    numbers = {
        name: int.from_bytes(value, "big")
        for name, value in public_key.items()
        if isinstance(value, bytes)
    }
    try:
        if public_key["alg"] == ES256:
            point = ec.EllipticCurvePublicNumbers(numbers["x"], numbers["y"], ec.SECP256R1())
            point.public_key().verify(signature, data, ec.ECDSA(SHA256()))
        elif public_key["alg"] == RS256 and numbers["n"].bit_length() <= _MOST_BITS:
            modulus = rsa.RSAPublicNumbers(numbers["e"], numbers["n"])
            modulus.public_key().verify(signature, data, padding.PKCS1v15(), SHA256())
        else:
            raise _no_key("it is of another kind")
    except InvalidSignature:
        return False
    except (KeyError, ValueError) as error:
        raise _no_key("it is no point or number of its kind") from error
    return True


def _no_key(why: str) -> Unreadable:
    return Unreadable(
        f"The public key that PVE has stored cannot be used: {why}.",
        "Remove the entry and enrol the key anew.",
    )
