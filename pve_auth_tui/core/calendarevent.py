"""Schedules of jobs (`mon..fri 02:30`): is this one PVE can read?

Grammar: proxmox-time 2.x, calendar_event.rs: `[weekdays] [date] [time] [UTC]`, or a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pve_auth_tui.core.perltext import BLANKS

_WORDS = frozenset(
    (
        *("minutely", "hourly", "daily", "weekly", "monthly", "quarterly"),
        *("semiannually", "semi-annually", "yearly", "annually"),
    )
)
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = frozenset(_DAY_NAMES) | {name[:3] for name in _DAY_NAMES}
_LETTERS = re.compile(r"[A-Za-z]+")
_DIGITS = re.compile(r"[0-9]+")
_YEARS, _MONTHS, _MONTH_DAYS, _HOURS, _SIXTY = 2200, 13, 32, 24, 60
_MOST_DIGITS = 9


class _Stop(Exception):
    """The text does not go on as the grammar wants it."""


def problem(text: str) -> str:
    """Empty for a schedule that PVE reads, else a text in the form of PVE's."""
    event = text.strip(BLANKS)
    if not event:
        return "unable to parse calendar event - event is empty\n"
    try:
        rest = _event(event.removesuffix("UTC").rstrip(" ") if event.endswith("UTC") else event)
    except _Stop as stop:
        return f"unable to parse calendar event '{event}' - {stop}\n"
    return f"unable to parse calendar event '{event}' - at '{rest}'\n" if rest else ""


def _event(text: str) -> str:
    if text in _WORDS:
        return ""
    has_days = text[:1].isalpha() and text[:1].isascii()
    rest = _weekdays(text).lstrip(" \t") if has_days else text
    after_date = _optional(rest, _date)
    has_date = after_date is not None
    rest = after_date.lstrip(" \t") if after_date is not None else rest
    after_time = _optional(rest, _time)
    if after_time is not None:
        return after_time
    if not (has_days or has_date):
        raise _Stop("date or time specification")
    return rest


def _optional(text: str, parse: Callable[[str], str]) -> str | None:
    try:
        return parse(text)
    except _Stop:
        return None


def _weekdays(text: str) -> str:
    rest = _weekday_range(text)
    while rest.startswith(","):
        try:
            rest = _weekday_range(rest[1:])
        except _Stop:
            return rest
    return rest


def _weekday_range(text: str) -> str:
    rest = _weekday(text)
    if rest.startswith(".."):
        try:
            return _weekday(rest[2:])
        except _Stop:
            return rest
    return rest


def _weekday(text: str) -> str:
    found = _LETTERS.match(text)
    if not found or found.group().lower() not in _DAYS:
        raise _Stop("weekday")
    return text[found.end() :]


def _date(text: str) -> str:
    try:
        rest = _expect(_values(text, _YEARS), "-")
        return _values(_expect(_values(rest, _MONTHS), "-"), _MONTH_DAYS)
    except _Stop:
        return _values(_expect(_values(text, _MONTHS), "-"), _MONTH_DAYS)


def _time(text: str) -> str:
    try:
        rest = _expect(_values(text, _HOURS), ":")
    except _Stop:
        rest = text
    rest = _values(rest, _SIXTY)
    if rest.startswith(":"):
        try:
            return _values(rest[1:], _SIXTY)
        except _Stop:
            return rest
    return rest


def _expect(text: str, mark: str) -> str:
    if not text.startswith(mark):
        raise _Stop(f"expected '{mark}'")
    return text[1:]


def _values(text: str, limit: int) -> str:
    """A list of numbers, ranges and repetitions below a limit; returns what follows."""
    if text.startswith("*"):
        rest = text[1:]
        if rest.startswith("/"):
            rest_after, repeat = _number(rest[1:], limit)
            return rest_after if repeat else rest
        return rest
    rest = _value(text, limit)
    while rest.startswith(","):
        try:
            rest = _value(rest[1:], limit)
        except _Stop:
            return rest
    return rest


def _value(text: str, limit: int) -> str:
    rest, start = _number(text, limit)
    if rest.startswith(".."):
        try:
            after, end = _number(rest[2:], limit)
        except _Stop:
            return rest
        if start > end:
            raise _Stop("range start is bigger than end")
        rest = after
    if rest.startswith("/"):
        rest, _ = _number(rest[1:], limit)
    return rest


def _number(text: str, limit: int) -> tuple[str, int]:
    found = _DIGITS.match(text)
    if not found:
        raise _Stop("digit")
    digits = found.group().lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS or int(digits) >= limit:
        raise _Stop("time value too large")
    return text[found.end() :], int(digits)
