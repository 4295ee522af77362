"""Signatures of security keys, against public keys as PVE stores them."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from pve_auth_tui.adapters.signature import verified
from pve_auth_tui.core.errors import Unreadable


def curve_key() -> tuple[Any, dict[str, Any]]:
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    point = {name: getattr(numbers, name).to_bytes(32, "big") for name in ("x", "y")}
    return private, {"alg": -7, **point}


def test_both_kinds_that_pve_takes() -> None:
    private, stored = curve_key()
    signature = private.sign(b"data", ec.ECDSA(SHA256()))
    assert verified(stored, signature, b"data")
    assert not verified(stored, signature, b"other data")
    assert not verified(curve_key()[1], signature, b"data")
    modulus = rsa.generate_private_key(65537, 2048)
    numbers = modulus.public_key().public_numbers()
    stored = {"alg": -257, "n": numbers.n.to_bytes(256, "big"), "e": b"\1\0\1"}
    assert verified(stored, modulus.sign(b"data", padding.PKCS1v15(), SHA256()), b"data")
    assert not verified(stored, b"\0" * 256, b"data")


@pytest.mark.parametrize(
    "stored",
    [
        {"alg": -7, "x": b"\1", "y": b"\1"},
        {"alg": -7, "x": b"\1"},
        {"alg": -257, "n": b"\3", "e": b"\1"},
        {"alg": -257, "n": b"\xff" * 2048, "e": b"\1\0\1"},
        {"alg": -8, "x": b"\1" * 32},
    ],
)
def test_what_is_no_such_key_is_told(stored: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="public key that PVE has stored cannot be used"):
        verified(stored, b"signature", b"data")


@pytest.mark.parametrize("signature", [b"", b"\0", b"x" * 5000])
def test_a_signature_that_is_none_is_not_right(signature: bytes) -> None:
    assert not verified(curve_key()[1], signature, b"data")
