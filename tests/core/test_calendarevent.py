"""Schedules that PVE takes, and such that it does not."""

import pytest

from pve_auth_tui.core.calendarevent import problem

DATES = ["2026-12-24", "12-24 18:00", "*-*-1 00:00", "*-1..6-15"]
TIMES = ["2:00", "*:0/15", "*/2:00", "8..17:0/30", "8..17/3:00", "21:00:30", "*:*:0/10", "15"]
DAYS = ["mon", "Monday", "mon..fri", "sun..tue", "mon,wed..fri 02:00", "sat 1..7"]
WORDS = ["daily", "semi-annually", "daily UTC", " hourly "]
MINUTES_AND_SECONDS = ["24:00"]  # no hour: PVE takes it for minute and second


@pytest.mark.parametrize("event", [*DATES, *TIMES, *DAYS, *WORDS, *MINUTES_AND_SECONDS])
def test_schedules(event):
    assert problem(event) == ""


@pytest.mark.parametrize(
    "event",
    [
        *("", "  ", "bogus!", "fry", "mon..", "daily x", "*:0/15 x", "-1"),
        *("12:60", "60:00", "17..8:00", "2026-13-01", "9999999999"),
    ],
)
def test_no_schedules(event):
    assert problem(event).startswith("unable to parse calendar event")
