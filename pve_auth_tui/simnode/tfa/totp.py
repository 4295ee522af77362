"""Codes that change with time (RFC 6238), with the core's arithmetic: no check for overflow."""

from __future__ import annotations

import hmac
from typing import Final

from pve_auth_tui.core.otpauth import Totp, unsigned
from pve_auth_tui.simnode.tfa.failure import Failure, Panic

_STEPS: Final = (-1, 0, 1)
_U32: Final = 2**32
_U64: Final = 2**64


def counter(totp: Totp, now: float) -> int:
    """The number of the period that `now` (seconds since 1970) lies in.

    Raises Failure before 1970, Panic for a period of 0.
    """
    if now < 0:
        raise Failure("refusing to create otp value for negative time")
    if totp.period == 0:
        raise Panic("attempt to divide by zero")
    return int(now) // totp.period


def code(totp: Totp, now: float) -> str:
    """What an authenticator app would show, from 10 digits on no more (see `_value`)."""
    return f"{_value(totp, counter(totp, now)):0{totp.digits}d}"


def matching(totp: Totp, text: str, now: float) -> int | None:
    """The counter to which a code belongs: now, one period before or after. None: wrong.

    Raises Failure and Panic as `counter` does.
    """
    middle = counter(totp, now)
    return next((middle + step for step in _STEPS if _is(totp, middle + step, text)), None)


def _is(totp: Totp, count: int, text: str) -> bool:
    if len(text.encode()) != totp.digits:
        return False
    given = unsigned(text, _U32 - 1)  # a `+` in place of a leading zero is fine
    return given is not None and given == _value(totp, count)


def _value(totp: Totp, count: int) -> int:
    """Beyond 9 digits the power of ten wraps around at 2^32, from 32 on it is 0."""
    modulus = pow(10, totp.digits, _U32)
    if modulus == 0:
        raise Panic("attempt to calculate the remainder with a divisor of zero")
    digest = hmac.digest(totp.secret, (count % _U64).to_bytes(8, "big"), totp.algorithm.lower())
    start = digest[-1] & 0xF
    return (int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF) % modulus
