"""CBOR of the key's own: what it says in CTAP2's canonical form, and members of what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pve_auth_tui.simnode.softkey.status import Refusal, Status
from pve_auth_tui.simnode.tfa import cbor

T = TypeVar("T")


def encode(value: Any) -> bytes:
    """int, bytes, str, bool, list and dict; keys sorted as CTAP 2.1, 8 wants it."""
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            pairs = sorted((encode(key), encode(each)) for key, each in value.items())
            pairs.sort(key=lambda pair: (pair[0][0] >> 5, len(pair[0]), pair[0]))
            return _head(5, len(pairs)) + b"".join(key + each for key, each in pairs)
    raise TypeError(value)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(power for power in range(4) if number < 1 << (8 << power))
    return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size, "big")


def decode_arguments(body: bytes) -> Mapping[Any, Any]:
    """A command's parameters. Raises Refusal."""
    if not body:
        return {}
    try:
        found = cbor.decode(body)
    except cbor.CborError:
        raise Refusal(Status.INVALID_CBOR) from None
    if not isinstance(found, dict):
        raise Refusal(Status.CBOR_UNEXPECTED_TYPE)
    return found


def needed(arguments: Mapping[Any, Any], name: int | str, kind: type[T]) -> T:
    """A member that must be there. Raises Refusal."""
    if name not in arguments:
        raise Refusal(Status.MISSING_PARAMETER)
    return _checked(arguments[name], kind)


def given(arguments: Mapping[Any, Any], name: int | str, kind: type[T]) -> T | None:
    """A member that may be missing. Raises Refusal."""
    return _checked(arguments[name], kind) if name in arguments else None


def _checked(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise Refusal(Status.CBOR_UNEXPECTED_TYPE)
    return value
