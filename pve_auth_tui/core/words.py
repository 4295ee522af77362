"""Numbers, times and yes or no in the words that every screen uses.

Times are seconds since 1970; dates are those of this computer's time zone, as an admin
reads them on the wall.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

NEVER = "never"
EXPIRED = "EXPIRED"
SOON = 30 * 86400  # seconds: an expiry nearer than this is worth a look

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LATEST = 253_402_300_799  # the last second of the year 9999: later numbers are no dates
_FARTHEST = 10**15  # seconds; PVE takes an expiry of any length, floats and screens do not


def thousands(number: int) -> str:
    """1204 -> `1,204`."""
    return f"{number:,}"


def count_words(number: int, one: str, many: str) -> str:
    """`1 user`, `1,204 entries`, `no users`."""
    if number == 0:
        return f"no {many}"
    return f"{thousands(number)} {one if number == 1 else many}"


def yes_no(value: bool) -> str:
    """As lists say it, and as finding knows it (`enabled:no`)."""
    return "yes" if value else "no"


def listed(names: Sequence[str], limit: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 12 more`."""
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {thousands(len(names) - limit)} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def count_privileges(number: int) -> str:
    return count_words(number, "privilege", "privileges")


@lru_cache(maxsize=4096)
def natural_order(path: str) -> str:
    """A sort key in which /vms/99 stands before /vms/100."""
    return "/".join(part.zfill(12) if part.isdigit() else part for part in path.split("/"))


def span(seconds: float) -> str:
    """A length of time in its largest fitting unit: `40 s`, `5 min`, `3 h`, `12 d`, `4 y`."""
    seconds = max(0, int(seconds))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    days = seconds // _DAY
    return f"{days} d" if days < 1000 else f"{thousands(days // 365)} y"


def expiry(expire: int, now: float) -> str:
    """PVE's Expire: `never` (0), `in 12 d`, `EXPIRED`. PVE refuses from that very second on."""
    if expire == 0:
        return NEVER
    return EXPIRED if has_expired(expire, now) else f"in {span(_left(expire, now))}"


def has_expired(expire: int, now: float) -> bool:
    """PVE refuses from the second `expire` on; 0 is never."""
    return expire != 0 and expire <= now


def expiry_field(expire: int, now: float) -> str:
    """For finding: `never`, `expired`, `soon` (within 30 days) or `later`."""
    if expire == 0:
        return NEVER
    if has_expired(expire, now):
        return "expired"
    return "soon" if _left(expire, now) < SOON else "later"


def _left(expire: int, now: float) -> float:
    return min(expire, _FARTHEST) - now


def expiry_order(expire: int) -> float:
    """For sorting: `never` comes last."""
    return float(min(expire, _FARTHEST)) if expire else float("inf")


def ago(then: float, now: float) -> str:
    """`just now`, `5 min ago`, `2 h ago`, `12 d ago`; a time to come is `in 5 min`."""
    if then > now + _MINUTE:
        return f"in {span(then - now)}"
    if then > now - _MINUTE:
        return "just now"
    return f"{span(now - then)} ago"


def date(then: float) -> str:
    """`2026-11-20`; `-` for 0 and for what no calendar holds."""
    if not 0 < then <= _LATEST:
        return "-"
    return time.strftime("%Y-%m-%d", time.localtime(then))


def date_time(then: float) -> str:
    """`2026-11-20 22:31`; `-` for 0 and for what no calendar holds."""
    if not 0 < then <= _LATEST:
        return "-"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(then))
