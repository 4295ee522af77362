"""What can go wrong with a security key, and what to do about it (reference/fido.md 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError


class Back(Enum):
    """Where "again" goes to."""

    CLOSE = "close"
    SETTINGS = "settings"
    SCAN = "scan"
    DESCRIBE = "describe"
    CHALLENGE = "challenge"


class Kind(Enum):
    """Every way to fail; also the word for it in JSON."""

    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    UNPLUGGED = "unplugged"
    SILENT = "silent"
    BUSY = "busy"
    NOT_ALLOWED = "no-permission"
    DECLINED = "declined"
    ALREADY = "already"
    NOT_THIS_KEY = "not-this-key"
    PIN_CANCELLED = "pin-cancelled"
    PIN_WRONG = "pin-wrong"
    PIN_BLOCKED = "pin-blocked"
    PIN_REPLUG = "pin-replug"
    PIN_MISSING = "pin-missing"
    PIN_POLICY = "pin-policy"
    PIN_CHANGE = "pin-change"
    FINGER_BLOCKED = "finger-blocked"
    KEY_FULL = "key-full"
    UNSUPPORTED = "unsupported"
    KEY_ERROR = "key-error"
    ORIGIN = "origin"
    SERVER = "server"
    SERVER_CHALLENGE = "server-challenge"


ONLY_RESET: Final = (
    "Only a reset helps, and it deletes every account on the key. This program never does it."
)

_TOLD: Final[Mapping[Kind, tuple[str, str, Back]]] = {
    Kind.CANCELLED: ("Cancelled.", "Nothing was changed.", Back.CLOSE),
    Kind.TIMEOUT: (
        "The key was not touched in time.",
        "Try again, and touch the key when its light blinks.",
        Back.CHALLENGE,
    ),
    Kind.UNPLUGGED: ("The key was unplugged.", "Plug it in again.", Back.SCAN),
    Kind.SILENT: ("The key does not answer.", "Unplug it and plug it in again.", Back.SCAN),
    Kind.BUSY: (
        "Another program uses the key.",
        "Close it (ssh-agent, gpg, a second session), then try again.",
        Back.SCAN,
    ),
    Kind.NOT_ALLOWED: (
        "The key cannot be opened.",
        "Run this program as root on the node.",
        Back.SCAN,
    ),
    Kind.DECLINED: (
        "It was declined at the key.",
        "Try again if that was not meant.",
        Back.CHALLENGE,
    ),
    Kind.ALREADY: (
        "This user has this key already.",
        "Take another key, or remove the old entry first.",
        Back.SCAN,
    ),
    Kind.NOT_THIS_KEY: (
        "This key holds none of the user's entries.",
        "Plug in the one that was enrolled.",
        Back.SCAN,
    ),
    Kind.PIN_CANCELLED: ("No PIN was typed.", "Nothing was changed.", Back.CLOSE),
    Kind.PIN_WRONG: ("That is not the key's PIN.", "Type it again.", Back.DESCRIBE),
    Kind.PIN_BLOCKED: (
        "The key's PIN is blocked: no tries are left.",
        ONLY_RESET,
        Back.CLOSE,
    ),
    Kind.PIN_REPLUG: (
        "Three wrong PINs in a row: the key wants to be unplugged.",
        "Unplug it, plug it in again, then type the right one.",
        Back.SCAN,
    ),
    Kind.PIN_MISSING: (
        "This key wants a PIN, and none is set.",
        "Set one first (Keys, p).",
        Back.DESCRIBE,
    ),
    Kind.PIN_POLICY: (
        "The key does not take this PIN.",
        "Take a longer one, and none that was used before.",
        Back.DESCRIBE,
    ),
    Kind.PIN_CHANGE: (
        "The key wants another PIN before anything else.",
        "Change it first (Keys, p).",
        Back.DESCRIBE,
    ),
    Kind.FINGER_BLOCKED: (
        "The finger was not recognised too often.",
        "Try again with the key's PIN.",
        Back.CHALLENGE,
    ),
    Kind.KEY_FULL: (
        "The key's storage is full.",
        "Remove an account from the key, or take another one.",
        Back.SCAN,
    ),
    Kind.UNSUPPORTED: (
        "PVE cannot use this key.",
        "It makes neither ES256 nor RS256 signatures. Take another one.",
        Back.SCAN,
    ),
    Kind.KEY_ERROR: (
        "The key reported an error.",
        "Unplug it, plug it in again and try once more.",
        Back.SCAN,
    ),
    Kind.ORIGIN: (
        "The WebAuthn settings do not fit together.",
        "Correct ID and origin in the settings.",
        Back.SETTINGS,
    ),
    Kind.SERVER: ("PVE refused the key.", "The original text says why.", Back.CHALLENGE),
    Kind.SERVER_CHALLENGE: (
        "It took longer than the two minutes that PVE waits.",
        "Try again: a new challenge is asked for.",
        Back.CHALLENGE,
    ),
}


class KeyTrouble(AuthTuiError):
    """A key, or what is asked of it, failed. `original` may hold text of the key's: untrusted."""

    def __init__(
        self, kind: Kind, original: str = "", *, message: str = "", hint: str = ""
    ) -> None:
        told, next_step, _ = _TOLD[kind]
        super().__init__(message or told, hint or next_step, original)
        self.kind = kind

    @property
    def back(self) -> Back:
        """Where trying again begins."""
        return _TOLD[self.kind][2]
