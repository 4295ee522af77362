"""Times as Active Directory writes them, as seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_GENERALIZED: Final = re.compile(
    r"(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:(\d\d))?)?(?:[.,](\d{1,9})\d*)?(Z|[+-]\d{4})", re.ASCII
)
_TICKS: Final = 10_000_000  # of 100 ns, since 1601 (FILETIME)
_TO_1970: Final = 11_644_473_600
_NEVER: Final = 0x7FFFFFFFFFFFFFFF


def windows_time(text: str) -> float | None:
    """A FILETIME, such as pwdLastSet; None for never and for what is none."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    ticks = int(text)
    if not 0 < ticks < _NEVER:
        return None
    return ticks / _TICKS - _TO_1970


def generalized_time(text: str) -> float | None:
    """A directory's `currentTime` (`20261121225541.0Z`, RFC 4517); None for what is none."""
    found = _GENERALIZED.fullmatch(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = float(f"0.{found[7] or 0}")
    if found[5] is None:
        fraction *= 3600
    elif found[6] is None:
        fraction *= 60
    try:
        # a leap second has no place in Python's calendar
        then = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return (then - _zone(found[8])).timestamp() + fraction
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timedelta:
    if text == "Z":
        return timedelta()
    east = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))
    return -east if text[0] == "-" else east
