"""Expire as people write it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.expiry import expiry_problem, expiry_text, until

NOW = 1795264205.0


def local(*parts: int) -> int:
    return int(time.mktime((*parts, *[0] * (6 - len(parts)), 0, 0, -1)))


@pytest.mark.parametrize("text", ["", "0", "never", " Never "])
def test_nothing_zero_and_never_are_never(text: str) -> None:
    assert until(text, NOW) == 0


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("2027-01-31", (2027, 1, 31)),
        ("2027-1-5", (2027, 1, 5)),
        ("2027-01-31 18:00", (2027, 1, 31, 18)),
        ("2027-01-31T18:05:09", (2027, 1, 31, 18, 5, 9)),
        ("2028-02-29", (2028, 2, 29)),
    ],
)
def test_a_date_is_its_first_second_here(text: str, then: tuple[int, ...]) -> None:
    assert until(text, NOW) == local(*then)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("+30d", (2026, 12, 21, 12, 30, 5)),
        ("+2w", (2026, 12, 5, 12, 30, 5)),
        ("+3m", (2027, 2, 21, 12, 30, 5)),
        ("+14m", (2028, 1, 21, 12, 30, 5)),
        ("+1Y", (2027, 11, 21, 12, 30, 5)),
    ],
)
def test_a_time_from_now_goes_by_the_calendar(text: str, then: tuple[int, ...]) -> None:
    assert until(text, local(2026, 11, 21, 12, 30, 5)) == local(*then)


def test_hours_from_now_are_hours() -> None:
    assert until("+12h", NOW) == NOW + 12 * 3600


def test_a_month_from_the_last_day_ends_on_the_last_day_there_is() -> None:
    assert until("+1m", local(2027, 1, 31, 9)) == local(2027, 2, 28, 9)


def test_seconds_since_1970_are_taken_as_they_are() -> None:
    assert until("1798761600", NOW) == 1798761600


@pytest.mark.parametrize(
    "text",
    [
        *("2027", "20270131", "tomorrow", "30d", "+30", "-1", "+1.5d", "31.01.2027", "+-3d"),
        *("2027-13-01", "2027-00-01", "2027-02-29", "2027-01-32", "1969-12-31"),
        *("2027-01-31 24:00", "2027-01-31 18", "2027-01-31 10:60", "+9999y", "٣"),
    ],
)
def test_what_is_no_time_is_told_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        until(text, NOW)
    assert expiry_problem(text, NOW) == str(caught.value)
    assert expiry_problem(text, NOW).endswith(".") or expiry_problem(text, NOW).endswith(").")


def test_a_day_that_a_month_lacks_says_how_many_it_has() -> None:
    assert expiry_problem("2027-02-29", NOW) == "2027-02 has 28 days."


def test_what_is_right_has_no_problem() -> None:
    assert expiry_problem("+30d", NOW) == ""


@given(st.integers(min_value=0, max_value=10**15))
def test_what_a_form_begins_with_is_the_same_second_again(epoch: int) -> None:
    assert until(expiry_text(epoch), NOW) == epoch


@pytest.mark.parametrize(
    ("then", "text"),
    [
        ((2027, 1, 31), "2027-01-31"),
        ((2027, 1, 31, 18), "2027-01-31 18:00"),
        ((2027, 1, 31, 18, 0, 5), "2027-01-31 18:00:05"),
    ],
)
def test_a_form_begins_with_the_shortest_text(then: tuple[int, ...], text: str) -> None:
    assert expiry_text(local(*then)) == text


def test_never_and_what_no_calendar_holds_begin_as_they_are() -> None:
    assert expiry_text(0) == "never"
    assert expiry_text(10**20) == "100000000000000000000"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_in_every_zone_the_hour_that_there_is_twice_and_the_first_second_stay_the_same(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        twice = range(1792890000, 1792890000 + 4 * 3600, 1800)  # 2026-10-25, as clocks go back
        for epoch in (1, 86400, *twice):
            assert until(expiry_text(epoch), NOW) == epoch
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.text(max_size=30))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    assert isinstance(expiry_problem(text, NOW), str)
