"""When a schedule (`mon..fri 02:30`) comes next.

Grammar and meaning: proxmox-time 2.x, calendar_event.rs. The node's clock is UTC here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pve_auth_tui.core.calendarevent import problem

_WORDS: Final = {
    "minutely": "*:*:00",
    "hourly": "*:00:00",
    "daily": "00:00:00",
    "weekly": "mon 00:00:00",
    "monthly": "*-1 00:00:00",
    "quarterly": "1,4,7,10-1 00:00:00",
    "semiannually": "1,7-1 00:00:00",
    "semi-annually": "1,7-1 00:00:00",
    "yearly": "1-1 00:00:00",
    "annually": "1-1 00:00:00",
}
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PARTS: Final = re.compile(
    r"(?P<days>[A-Za-z][A-Za-z.,]*)?[ \t]*"
    r"(?:(?:(?P<years>[^-: \t]+)-)?(?P<months>[^-: \t]+)-(?P<dates>[^-: \t]+))?[ \t]*"
    r"(?:(?:(?P<hours>[^: \t]+):)?(?P<minutes>[^: \t]+)(?::(?P<seconds>[^: \t]+))?)?"
)
_HORIZON: Final = 366 * 8  # days: the longest way from one 29 February to the next

Fits = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class _Event:
    years: Fits
    months: Fits
    dates: Fits
    weekdays: Fits
    hours: Fits
    minutes: Fits
    seconds: Fits

    def on(self, day: datetime) -> Iterator[datetime]:
        """All its moments on one day."""
        if not (
            self.years(day.year)
            and self.months(day.month)
            and self.dates(day.day)
            and self.weekdays(day.weekday())
        ):
            return
        for hour in filter(self.hours, range(24)):
            for minute in filter(self.minutes, range(60)):
                for second in filter(self.seconds, range(60)):
                    yield day.replace(hour=hour, minute=minute, second=second)


def next_run(schedule: str, after: int) -> int | None:
    """The first moment later than `after`, both in seconds since 1970; None when there is none."""
    if problem(schedule):
        return None
    event = _event(schedule.strip().removesuffix("UTC").rstrip())
    last = datetime.fromtimestamp(after, UTC)
    today = last.replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(_HORIZON):
        for moment in event.on(today + timedelta(days=number)):
            if moment > last:
                return int(moment.timestamp())
    return None


def _event(text: str) -> _Event:
    found = _PARTS.fullmatch(_WORDS.get(text, text))
    part = found.groupdict() if found else {}
    without_time = part.get("minutes") is None
    return _Event(
        years=_fits(part.get("years") or "*"),
        months=_fits(part.get("months") or "*"),
        dates=_fits(part.get("dates") or "*"),
        weekdays=_on_weekdays(part.get("days") or ""),
        hours=_fits(part.get("hours") or ("0" if without_time else "*")),
        minutes=_fits(part.get("minutes") or "0"),
        seconds=_fits(part.get("seconds") or "0"),
    )


def _on_weekdays(text: str) -> Fits:
    """`mon..wed,sat`; a range may go over the week's end."""
    wanted: set[int] = set()
    for piece in filter(None, text.lower().split(",")):
        first, _, last = piece.partition("..")
        start, end = _DAYS.index(first[:3]), _DAYS.index((last or first)[:3])
        wanted.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return lambda day: not wanted or day in wanted


def _fits(text: str) -> Fits:
    """`*`, `*/5`, `1,3`, `8..17`, `0/4`."""
    tests = [_value(piece) for piece in text.split(",")]
    return lambda number: any(test(number) for test in tests)


def _value(piece: str) -> Fits:
    value, _, repeat = piece.partition("/")
    step = int(repeat or "0")
    first, dots, last = ("0", "..", "") if value == "*" else value.partition("..")
    start, end = int(first), int(last) if last else None
    if not step:
        if not dots:
            return lambda number: number == start
        return lambda number: number >= start and (end is None or number <= end)
    return lambda number: (
        number >= start and (number - start) % step == 0 and (end is None or number <= end)
    )
