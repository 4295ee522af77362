"""Linux's /etc/shadow: which users have a password with which pam_unix lets them in.

Sources: shadow(5), crypt(5), Linux-PAM's check_shadow_expiry; PVE::Auth::PAM asks for both the
password and the account, and has no way to set a new password that pam_unix demands.
"""

from __future__ import annotations

import re
from typing import Final

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
    found: dict[str, bool] = {}
    for line in data.decode("latin-1").split("\n"):
        name, _, rest = line.partition(":")
        if rest and name not in found:
            found[name] = _is_usable(rest.split(":"), int(now // _DAY))
    return frozenset(name for name, usable in found.items() if usable)


def _is_usable(fields: list[str], today: int) -> bool:
    """`fields` are those behind the name; `today` in days since 1970."""
    if len(fields) != _FIELDS - 1 or not _is_hash(fields[0]):
        return False
    numbers = fields[1:7]
    if not all(not text or _NUMBER.fullmatch(text) for text in numbers):
        return False
    changed, _, longest, _, _, expire = (int(text) if text else _NONE for text in numbers)
    if expire != _NONE and today >= expire:
        return False
    if changed == 0:  # a new one must be set at the next login
        return False
    return changed < 0 or longest < 0 or today - changed < longest


def _is_hash(text: str) -> bool:
    """Empty, `!` and `*` stand for no password, and locking puts a `!` in front."""
    return len(text) >= _SHORTEST and not text.startswith(("!", "*"))
