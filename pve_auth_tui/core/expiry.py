"""PVE's Expire as people write it: `never`, a date, or a time from now.

PVE stores seconds since 1970, 0 is never (reference 4.1). Its web UI picks a date and means the
first second of it; so does a date here. Times are those of this computer's time zone.
"""

from __future__ import annotations

import re
import time
from calendar import monthrange
from typing import Final

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.words import NEVER

_FORMS: Final = "Write never, a date like 2027-01-31, or a time from now like +30d (h d w m y)."
_DATE: Final = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[ T]+(\d\d?):(\d\d)(?::(\d\d))?)?", re.ASCII)
_FROM_NOW: Final = re.compile(r"\+ ?(\d{1,5}) ?([hdwmy])", re.ASCII)
_SECONDS: Final = re.compile(r"\d{9,40}", re.ASCII)
"""Since 1970; what is shorter looks like a year or a date without its signs."""
_HOUR: Final = 3600
_FIRST_YEAR, _LAST_YEAR = 1969, 9999  # in the west, 1970 begins on the last day of 1969


def until(text: str, now: float) -> int:
    """Seconds since 1970, 0 for never. `now`, in seconds since 1970, is what `+30d` counts from.

    Months and years are those of the calendar: +1m from January 31 ends on the last of February.
    Raises UsageError for what is no time.
    """
    written = text.strip().lower()
    if written in ("", "0", NEVER):
        return 0
    if _SECONDS.fullmatch(written):
        return int(written)
    if found := _FROM_NOW.fullmatch(written):
        return _from_now(int(found[1]), found[2], now)
    if found := _DATE.fullmatch(text.strip()):
        year, month, day, *clock = (int(part or 0) for part in found.groups())
        return _on_date(year, month, day, tuple(clock))
    raise UsageError(_FORMS)


def expiry_problem(text: str, now: float) -> str:
    """What is wrong with it, as one sentence; "" when nothing is."""
    try:
        until(text, now)
    except UsageError as error:
        return str(error)
    return ""


def expiry_text(epoch: int) -> str:
    """What a form begins with: `until` makes the same second of it."""
    if epoch == 0:
        return NEVER
    try:
        local = time.localtime(epoch)
    except (OverflowError, OSError, ValueError):  # PVE takes numbers that no calendar holds
        return str(epoch)
    for shape in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        text = time.strftime(shape, local)
        if not expiry_problem(text, 0) and until(text, 0) == epoch:
            return text
    return str(epoch)  # an hour that there is twice


def _from_now(number: int, unit: str, now: float) -> int:
    if unit == "h":
        return int(now) + number * _HOUR
    local = time.localtime(now)
    year, month, day = local.tm_year, local.tm_mon, local.tm_mday
    if unit in "my":
        months = month - 1 + number * (12 if unit == "y" else 1)
        year, month = year + months // 12, months % 12 + 1
        if year > _LAST_YEAR:
            raise UsageError(f"That is behind the year {_LAST_YEAR}: write never.")
        day = min(day, monthrange(year, month)[1])
        days = 0
    else:
        days = number * (7 if unit == "w" else 1)
    clock = (local.tm_hour, local.tm_min, local.tm_sec)
    return int(time.mktime((year, month, day + days, *clock, 0, 0, -1)))


def _on_date(year: int, month: int, day: int, clock: tuple[int, ...]) -> int:
    hour, minute, second = clock
    if not (1 <= month <= 12 and year):
        raise UsageError(f"There is no such date. {_FORMS}")
    if not 1 <= day <= monthrange(year, month)[1]:
        raise UsageError(f"{year}-{month:02} has {monthrange(year, month)[1]} days.")
    if hour > 23 or minute > 59 or second > 59:
        raise UsageError("A time of day is 00:00 to 23:59.")
    epoch = (
        0
        if year < _FIRST_YEAR
        else int(time.mktime((year, month, day, hour, minute, second, 0, 0, -1)))
    )
    if epoch <= 0:
        raise UsageError("PVE counts from 1970 on, and 0 is never.")
    return epoch
