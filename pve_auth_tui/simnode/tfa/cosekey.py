"""Public keys: from COSE to the form in tfa.cfg, and what they signed (webauthn-rs' crypto.rs)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.simnode.tfa.failure import Failure

ALGORITHMS: Final[Mapping[int, str]] = {
    **{-7: "ES256", -35: "ES384", -36: "ES512", -257: "RS256", -258: "RS384", -259: "RS512"},
    **{-37: "PS256", -38: "PS384", -39: "PS512", -8: "EDDSA", -65535: "INSECURE_RS1"},
}
OPENSSL: Final = "An OpenSSL Error has occurred"
UNSUPPORTED: Final = "The COSEKey type is not supported by this implementation"
_OKP, _EC2, _RSA = 1, 2, 3
_CURVES: Final = {1: ("SECP256R1", 32), 2: ("SECP384R1", 48), 3: ("SECP521R1", 66)}
_OKP_CURVES: Final = {6: ("ED25519", 32), 7: ("ED448", 57)}
_WRONG_CURVE: Final = "The COSEKey uses a curve that is not supported by this implementation"
_NOT_COSE: Final = "The COSEKey contains invalid CBOR which can not be processed"
_SIZE_RSA, _SIZE_EXPONENT = 256, 3


def stored(key: Any) -> dict[str, Any]:
    """A decoded COSE key as tfa.cfg has it (`type_`, `key`). Raises Failure."""
    if not isinstance(key, dict):
        raise Failure(_NOT_COSE)
    kind = _member(key, 1, int)
    algorithm = ALGORITHMS.get(_member(key, 3, int))
    if algorithm is None:
        raise Failure("The COSEKey contains invalid cryptographic algorithm request")
    if kind == _EC2 and algorithm in {"ES256", "ES384", "ES512"}:
        form = {"EC_EC2": _point(key)}
    elif kind == _RSA and algorithm == "RS256":
        form = {"RSA": _modulus(key)}
    elif kind == _OKP and algorithm == "EDDSA":
        form = {"EC_OKP": _edwards(key)}
    else:
        raise Failure(UNSUPPORTED)
    found = {"type_": algorithm, "key": form}
    _public(found)
    return found


def _member(key: Mapping[Any, Any], name: int, kind: type) -> Any:
    value = key.get(name)
    if type(value) is not kind:
        raise Failure(_NOT_COSE)
    return value


def _point(key: Mapping[Any, Any]) -> dict[str, Any]:
    number = _member(key, -1, int)
    if number not in _CURVES:
        raise Failure(_WRONG_CURVE)
    curve, size = _CURVES[number]
    x, y = _member(key, -2, bytes), _member(key, -3, bytes)
    if (len(x), len(y)) != (size, size):
        raise Failure("The COSEKey contains invalid ECDSA X/Y coordinate data")
    return {"curve": curve, "x": encode_base64url(x), "y": encode_base64url(y)}


def _modulus(key: Mapping[Any, Any]) -> dict[str, Any]:
    n, e = _member(key, -1, bytes), _member(key, -2, bytes)
    if (len(n), len(e)) != (_SIZE_RSA, _SIZE_EXPONENT):
        raise Failure("The COSEKey contains invalid RSA modulus/exponent data")
    return {"n": encode_base64url(n), "e": list(e)}


def _edwards(key: Mapping[Any, Any]) -> dict[str, Any]:
    number = _member(key, -1, int)
    if number not in _OKP_CURVES:
        raise Failure(_WRONG_CURVE)
    curve, size = _OKP_CURVES[number]
    x = _member(key, -2, bytes)
    if len(x) != size:
        raise Failure("The COSEKey contains invalid EDDSA X coordinate data")
    return {"curve": curve, "x": encode_base64url(x)}


def octets(key: Mapping[str, Any]) -> bytes:
    """A stored elliptic key as one uncompressed point, as U2F signs it. Raises Failure."""
    point = key["key"].get("EC_EC2")
    if point is None:
        raise Failure(UNSUPPORTED)
    return b"\x04" + decoded(point["x"]) + decoded(point["y"])


def signed(key: Mapping[str, Any], signature: bytes, data: bytes) -> bool:
    """Did a stored key sign this? Raises Failure for what the core cannot even check."""
    return verified(key["type_"], _public(key), signature, data)


def verified(algorithm: str, key: Any, signature: bytes, data: bytes) -> bool:
    """The same for a key of the `cryptography` package; its kind decides, as in the core."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    if algorithm == "INSECURE_RS1":
        raise Failure("The credential uses insecure cryptographic routines and is not trusted")
    if algorithm not in {"ES256", "RS256", "EDDSA"}:
        raise Failure(UNSUPPORTED)
    edwards = isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
    if edwards != (algorithm == "EDDSA") or (
        algorithm == "RS256" and not isinstance(key, rsa.RSAPublicKey)
    ):
        raise Failure(OPENSSL)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            _require_der(signature)
            key.verify(signature, data, ec.ECDSA(SHA256()))
        else:
            key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _require_der(signature: bytes) -> None:
    """OpenSSL tells a signature that is none from one that is wrong."""
    from cryptography.hazmat.primitives.asymmetric import utils

    try:
        if utils.encode_dss_signature(*utils.decode_dss_signature(signature)) == signature:
            return
    except ValueError:
        pass
    raise Failure(OPENSSL)


def _public(key: Mapping[str, Any]) -> Any:
    """The key for the `cryptography` package. Raises Failure for a point off the curve."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    [(kind, form)] = key["key"].items()
    try:
        if kind == "RSA":
            return rsa.RSAPublicNumbers(_number(bytes(form["e"])), _number(form["n"])).public_key()
        x = decoded(form["x"])
        if kind == "EC_OKP" and form["curve"] == "ED25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(x)
        if kind == "EC_OKP":
            return ed448.Ed448PublicKey.from_public_bytes(x)
        curves: Mapping[str, ec.EllipticCurve] = {
            "SECP256R1": ec.SECP256R1(),
            "SECP384R1": ec.SECP384R1(),
            "SECP521R1": ec.SECP521R1(),
        }
        point = ec.EllipticCurvePublicNumbers(_number(x), _number(form["y"]), curves[form["curve"]])
        return point.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Failure(OPENSSL, str(error)) from error


def _number(value: bytes | str) -> int:
    return int.from_bytes(value if isinstance(value, bytes) else decoded(value), "big")


def decoded(text: str) -> bytes:
    """base64url without padding, as tfa.cfg has it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
