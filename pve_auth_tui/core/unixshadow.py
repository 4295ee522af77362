"""Linux's /etc/shadow: which users have a password with which pam_unix lets them in.

Sources: shadow(5), crypt(5), Linux-PAM's check_shadow_expiry; PVE::Auth::PAM asks for both the
password and the account, and has no way to set a new password that pam_unix demands.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class Shadow(Enum):
    """What /etc/shadow says of somebody's password."""

    SET = "set"
    NONE = "none"
    LOCKED = "locked"
    EXPIRED = "expired"
    MUST_CHANGE = "must be changed"
    UNKNOWN = "not known"


_DAY: Final = 86400  # seconds
_FIELDS: Final = 9
_SHORTEST: Final = 13  # characters of a hash: that of traditional DES
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NONE: Final = -1  # what libc makes of an empty field


def usable_names(data: bytes, now: float) -> frozenset[str]:
    """Names with a hash that some password fits, neither locked nor expired at `now` (seconds).

    Never fails. The first line of a name counts, as in libc; a line that libc does not read is
    none. On the day that versions of pam_unix see differently a password counts as expired.
    """
    today = int(now // _DAY)
    states = {name: _state(fields, today) for name, fields in _lines(data).items()}
    return frozenset(name for name, state in states.items() if state is Shadow.SET)


def state_of(data: bytes, name: str, now: float) -> Shadow:
    """What stands in the way of that name's password at `now`, the first of: it has none; a `!`
    locks it; the account has expired, or the password so long ago that pam_unix demands the admin
    (its inactive days are over); a new one must be set at the next login. Never fails.
    """
    fields = _lines(data).get(name)
    return _state(fields, int(now // _DAY)) if fields else Shadow.NONE


def _lines(data: bytes) -> dict[str, list[str]]:
    """Name -> the fields behind it, of the first line with that name."""
    found: dict[str, list[str]] = {}
    for line in data.decode("latin-1").split("\n"):
        name, _, rest = line.partition(":")
        if rest and name not in found:
            found[name] = rest.split(":")
    return found


def _state(fields: list[str], today: int) -> Shadow:
    """`fields` are those behind the name; `today` in days since 1970."""
    numbers = fields[1:7]
    if len(fields) != _FIELDS - 1 or not all(
        not text or _NUMBER.fullmatch(text) for text in numbers
    ):
        return Shadow.NONE
    if not _is_hash(fields[0]):
        return Shadow.LOCKED if _is_hash(fields[0].lstrip("!")) else Shadow.NONE
    changed, _, longest, _, inactive, expire = (int(text) if text else _NONE for text in numbers)
    if expire != _NONE and today >= expire:
        return Shadow.EXPIRED
    if changed == 0:  # a new one must be set at the next login
        return Shadow.MUST_CHANGE
    if changed < 0 or longest < 0 or today - changed < longest:
        return Shadow.SET
    is_over = inactive >= 0 and today - changed > longest + inactive
    return Shadow.EXPIRED if is_over else Shadow.MUST_CHANGE


def _is_hash(text: str) -> bool:
    """Empty, `!` and `*` stand for no password, and locking puts a `!` in front."""
    return len(text) >= _SHORTEST and not text.startswith(("!", "*"))
