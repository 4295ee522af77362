"""Whatever a security key, its library or the kernel complains of, as a KeyTrouble (R25).

The mapping is total: a key answers what it likes, and a library that reads it may fail anywhere.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from pve_auth_tui.core.keytrouble import KeyTrouble, Kind

_LONGEST: Final = 200  # characters of a foreign text

# CTAP 2.1, 8.2 "Status codes"; what is not in here is KEY_ERROR.
_STATUS: Final[Mapping[int, Kind]] = {
    0x05: Kind.TIMEOUT,  # TIMEOUT
    0x06: Kind.BUSY,  # CHANNEL_BUSY
    0x0A: Kind.BUSY,  # LOCK_REQUIRED: another program's channel holds the key
    0x19: Kind.ALREADY,  # CREDENTIAL_EXCLUDED
    0x22: Kind.NOT_THIS_KEY,  # INVALID_CREDENTIAL
    0x26: Kind.UNSUPPORTED,  # UNSUPPORTED_ALGORITHM
    0x27: Kind.DECLINED,  # OPERATION_DENIED
    0x28: Kind.KEY_FULL,  # KEY_STORE_FULL
    0x2B: Kind.UNSUPPORTED,  # UNSUPPORTED_OPTION
    0x2D: Kind.TIMEOUT,  # KEEPALIVE_CANCEL: nobody here asked for it, so the key gave up
    0x2E: Kind.NOT_THIS_KEY,  # NO_CREDENTIALS
    0x2F: Kind.TIMEOUT,  # USER_ACTION_TIMEOUT
    0x30: Kind.DECLINED,  # NOT_ALLOWED
    0x31: Kind.PIN_WRONG,  # PIN_INVALID
    0x32: Kind.PIN_BLOCKED,  # PIN_BLOCKED
    0x34: Kind.PIN_REPLUG,  # PIN_AUTH_BLOCKED: three wrong ones since it was plugged in
    0x35: Kind.PIN_MISSING,  # PIN_NOT_SET
    0x36: Kind.PIN_MISSING,  # PUAT_REQUIRED
    0x37: Kind.PIN_CHANGE,  # PIN_POLICY_VIOLATION, of the PIN that is set
    0x38: Kind.TIMEOUT,  # PIN_TOKEN_EXPIRED: what the PIN gave is good for half a minute
    0x3A: Kind.TIMEOUT,  # ACTION_TIMEOUT
    0x3C: Kind.FINGER_BLOCKED,  # UV_BLOCKED
    0x3F: Kind.FINGER_BLOCKED,  # UV_INVALID
}
# U2F Raw Message Formats 1.2, 3.3 "Status codes".
_APDU: Final[Mapping[int, Kind]] = {
    0x6985: Kind.TIMEOUT,  # conditions not satisfied: no touch
    0x6A80: Kind.NOT_THIS_KEY,  # wrong data: not one of its key handles
}
_ERRNO: Final[Mapping[int, Kind]] = {
    **dict.fromkeys(
        (
            errno.ENODEV,
            errno.ENXIO,
            errno.ENOENT,
            errno.EIO,
            errno.EPIPE,
            errno.EBADF,
            errno.ESHUTDOWN,
        ),
        Kind.UNPLUGGED,
    ),
    errno.EACCES: Kind.NOT_ALLOWED,
    errno.EPERM: Kind.NOT_ALLOWED,
    errno.EBUSY: Kind.BUSY,
    errno.ETIMEDOUT: Kind.SILENT,
}


def trouble_of(
    error: Exception, *, policy: Kind = Kind.PIN_CHANGE, ineligible: Kind = Kind.NOT_THIS_KEY
) -> KeyTrouble:
    """What `error` means. `policy`: what a refused PIN means here; `ineligible`: what it means
    that python-fido2 calls the key ineligible without a status of the key's (U2F).
    """
    if isinstance(error, KeyTrouble):
        return error
    if isinstance(error, ImportError):
        return KeyTrouble(
            Kind.KEY_ERROR,
            clean(str(error)),
            message="The library for security keys (python-fido2) cannot be loaded.",
            hint="Install this program anew; everything else works without it.",
        )
    if isinstance(error, TimeoutError):
        return KeyTrouble(Kind.SILENT)
    if isinstance(error, OSError):
        return KeyTrouble(_ERRNO.get(error.errno or 0, Kind.KEY_ERROR), _name(error))
    name = type(error).__name__  # nobody knows what its text repeats: it may be the PIN
    return _of_library(error, policy, ineligible) or KeyTrouble(Kind.KEY_ERROR, name)


@contextmanager
def as_trouble(
    *, policy: Kind = Kind.PIN_CHANGE, ineligible: Kind = Kind.NOT_THIS_KEY
) -> Iterator[None]:
    """Nothing but KeyTrouble leaves the block, and nothing of what it was hangs on it: exceptions
    carry what was worked on.
    """
    try:
        yield
    except KeyTrouble:
        raise
    except Exception as error:  # noqa: BLE001 (see the module's docstring)
        raise trouble_of(error, policy=policy, ineligible=ineligible) from None


def status_trouble(code: int, policy: Kind = Kind.PIN_CHANGE) -> KeyTrouble:
    """What a CTAP status other than 0 means."""
    kind = policy if code == 0x37 else _STATUS.get(code, Kind.KEY_ERROR)
    return KeyTrouble(kind, f"CTAP status 0x{code & 0xFF:02X}")


def clean(text: str, longest: int = _LONGEST) -> str:
    """A foreign text on one line: without control characters, and not endless."""
    kept = "".join(one if one.isprintable() else " " for one in text[: 4 * longest])
    return " ".join(kept.split())[:longest]


def _of_library(error: Exception, policy: Kind, ineligible: Kind) -> KeyTrouble | None:
    from fido2.client import ClientError
    from fido2.ctap import CtapError
    from fido2.ctap1 import ApduError

    if isinstance(error, ClientError):
        inner = error.cause
        if isinstance(inner, Exception):
            return trouble_of(inner, policy=policy, ineligible=ineligible)
        return _of_client(error.code.name, clean(str(inner or "")), ineligible)
    if isinstance(error, CtapError):
        return status_trouble(int(error.code), policy)
    if isinstance(error, ApduError):
        return KeyTrouble(
            _APDU.get(error.code, Kind.KEY_ERROR), f"U2F status 0x{error.code & 0xFFFF:04X}"
        )
    return None


def _of_client(code: str, said: str, ineligible: Kind) -> KeyTrouble:
    match code:
        case "DEVICE_INELIGIBLE":
            return KeyTrouble(ineligible, said)
        case "TIMEOUT":
            return KeyTrouble(Kind.TIMEOUT, said)
        case "CONFIGURATION_UNSUPPORTED" if "erification" in said:
            return KeyTrouble(Kind.PIN_MISSING, said)
        case "CONFIGURATION_UNSUPPORTED":
            return KeyTrouble(Kind.UNSUPPORTED, said)
    return KeyTrouble(Kind.KEY_ERROR, said or code)


def _name(error: Exception) -> str:
    return clean(f"{type(error).__name__}: {error}")
