"""The short cut into priv/tfa.cfg: files as PVE itself writes them, read with Python's JSON parser.

It takes only what it is sure about: PVE's core would read it, too, and would write it back
unchanged. Everything else is left to `core.tfafile`, which is exact and slow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pve_auth_tui.core import otpauth

_MOST_DIGITS = 18
_MAX_COUNTER = 2**32 - 1
_ENTRY_KEYS = {"id", "description", "created", "enable", "entry"}
_RECOVERY_KEYS = {"secret", "entries", "created"}
_USED_TOTP = ["totp", "last-count"]
_CREDENTIAL = ["cred_id", "cred", "counter", "backup_eligible", "backup_state"]
_KEY = ["type_", "key"]
_POINT = ["curve", "x", "y"]
# The last character has no bits to spare: Rust's base64 refuses them.
_BASE64URL = re.compile(
    "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]|[A-Za-z0-9_-][AQgw])?"
)


class _Unusual(Exception):
    """Leave it to the exact reader."""


def read_users(data: bytes) -> dict[str, dict[str, Any]] | None:
    """Userid -> its record as stored, or None when anything about the file is unusual."""
    try:
        text = data.decode()
        if "\\u" in text:  # surrogates: Python takes what PVE refuses
            return None
        content = json.loads(
            text, object_pairs_hook=_unique, parse_int=_integer, parse_constant=_reject
        )
    except (ValueError, RecursionError, _Unusual):
        return None
    if type(content) is not dict or not content.keys() <= {"users"}:
        return None
    users = content.get("users", {})
    if type(users) is not dict or not all(map(_is_user, users.values())):
        return None
    return users


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unusual
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS or digits == "-0":
        raise _Unusual
    return int(digits)


def _reject(word: str) -> None:
    raise _Unusual


def _is_user(user: Any) -> bool:
    if type(user) is not dict:
        return False
    for name, value in user.items():
        is_member = _MEMBERS.get(name)
        if is_member is None or not is_member(value):
            return False
    return True


def _entries_of(is_kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def are_entries(entries: Any) -> bool:
        if type(entries) is not list:
            return False
        for entry in entries:
            if not (
                type(entry) is dict
                and entry.keys() <= _ENTRY_KEYS
                and type(entry.get("id")) is str
                and type(entry.get("created")) is int
                and type(entry.get("description", "")) is str
                and type(entry.get("enable", True)) is bool
                and is_kind(entry.get("entry"))
            ):
                return False
        return True

    return are_entries


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_time(value: Any) -> bool:
    return value is None or type(value) is int


def _is_text(entry: Any) -> bool:
    return type(entry) is str


def _is_totp(entry: Any) -> bool:
    if type(entry) is str:
        return otpauth.is_usual(entry)
    return (
        type(entry) is dict
        and list(entry) == _USED_TOTP
        and type(entry["totp"]) is str
        and otpauth.is_usual(entry["totp"])
        and type(entry["last-count"]) is int
    )


def _is_credential(entry: Any) -> bool:
    return (
        type(entry) is dict
        and list(entry) == _CREDENTIAL
        and _is_base64url(entry["cred_id"])
        and _is_key(entry["cred"])
        and type(entry["counter"]) is int
        and 0 <= entry["counter"] <= _MAX_COUNTER
        and type(entry["backup_eligible"]) is bool
        and type(entry["backup_state"]) is bool
    )


def _is_key(key: Any) -> bool:
    if type(key) is not dict or list(key) != _KEY or key["type_"] != "ES256":
        return False
    point = key["key"].get("EC_EC2") if type(key["key"]) is dict else None
    return (
        type(point) is dict
        and len(key["key"]) == 1
        and list(point) == _POINT
        and point["curve"] == "SECP256R1"
        and _is_base64url(point["x"])
        and _is_base64url(point["y"])
    )


def _is_base64url(text: Any) -> bool:
    return type(text) is str and _BASE64URL.fullmatch(text) is not None


def _is_recovery(recovery: Any) -> bool:
    return (
        type(recovery) is dict
        and recovery.keys() == _RECOVERY_KEYS
        and type(recovery["secret"]) is str
        and type(recovery["created"]) is int
        and type(recovery["entries"]) is list
        and all(key is None or type(key) is str for key in recovery["entries"])
    )


# u2f is left to the exact reader: nobody has many of those any more
_MEMBERS: Mapping[str, Callable[[Any], bool]] = {
    "totp": _entries_of(_is_totp),
    "webauthn": _entries_of(_is_credential),
    "recovery": _is_recovery,
    "yubico": _entries_of(_is_text),
    "totp-locked": _is_flag,
    "tfa-locked-until": _is_time,
}
