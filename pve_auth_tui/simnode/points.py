"""Points on the curve P-256 for made-up security keys: 1 G, 2 G, 3 G and so on.

A credential's public key must lie on the curve. Counting up costs one addition a key and
makes the private keys 1, 2, 3 ...: valid, and no secret to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator

# Curve parameters: FIPS 186-4, D.1.2.3.
PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def points() -> Iterator[tuple[bytes, bytes]]:
    """The multiples of the base point from 1 on, as 32 bytes of x and y each."""
    x, y = _G
    while True:
        yield x.to_bytes(32, "big"), y.to_bytes(32, "big")
        x, y = _plus_base(x, y)


def _plus_base(x: int, y: int) -> tuple[int, int]:
    base_x, base_y = _G
    if x == base_x:
        slope = (3 * x * x - 3) * pow(2 * y, -1, PRIME)
    else:
        slope = (base_y - y) * pow(base_x - x, -1, PRIME)
    new_x = (slope * slope - x - base_x) % PRIME
    return new_x, (slope * (x - new_x) - y) % PRIME
