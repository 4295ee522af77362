"""What an authenticator app computes, by pyotp. An Authenticator."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from types import ModuleType
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.totp import SEARCHED, period_of

_LENGTH: Final = 32  # characters of a new secret: 160 bits
_LEAST_BYTES: Final = 14  # pyotp refuses shorter secrets; PVE's older entries may have 10
_MOST_DIGITS: Final = 10  # a code's number has no more
_LATEST: Final = 2**63


class PyotpAuthenticator:
    """For every entry that PVE can have, not only for those that pyotp would make itself."""

    def new_secret(self) -> Secret:
        """160 random bits as 32 characters of Base32."""
        return Secret(_pyotp().random_base32(_LENGTH))

    def code(self, totp: Totp, at: float) -> Secret:
        """The code at `at`, seconds since 1970. Raises UsageError where there is none."""
        if totp.period <= 0 or not 0 < totp.digits <= _MOST_DIGITS or not 0 <= at < _LATEST:
            raise UsageError("No app can show a code for this entry.", "Remove it, add a new one.")
        return Secret(_code(totp, period_of(totp, at)))

    def offset(self, totp: Totp, code: str, now: float, steps: int = SEARCHED) -> int | None:
        """How many periods the clock that made `code` is ahead; the nearest within `steps`."""
        for step in sorted(range(-steps, steps + 1), key=abs):
            at = now + step * totp.period
            if at >= 0 and self.code(totp, at).reveal() == code:
                return step
        return None


def _code(totp: Totp, counter: int) -> str:
    # A key is filled up with zeros anyway (RFC 2104), so that longer ones give the same codes.
    secret = b32encode(totp.secret.ljust(_LEAST_BYTES, b"\0")).decode()
    digest = getattr(hashlib, totp.algorithm.lower())
    whole: str = _pyotp().HOTP(secret, digits=_MOST_DIGITS, digest=digest).at(counter)
    return whole[-totp.digits :]


def _pyotp() -> ModuleType:
    try:
        import pyotp
    except ImportError as error:
        raise AuthTuiError(
            "Codes of authenticator apps cannot be computed: the Python module pyotp is missing.",
            "Recovery keys and security keys work without it.",
            str(error),
        ) from error
    return pyotp
