"""The words for numbers and times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core import words

NOW = 1795262400.0  # 2026-11-21 12:00 UTC: the same day in nearly every time zone
MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "no entries"), (1, "1 entry"), (212, "212 entries"), (1204, "1,204 entries")],
)
def test_counts(number, text):
    assert words.count_words(number, "entry", "entries") == text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "a and b"),
        ("abc", "a, b and c"),
        ("abcde", "a, b, c and 2 more"),
    ],
)
def test_lists_of_names_end_after_three(names, text):
    assert words.listed(list(names)) == text


@pytest.mark.parametrize(
    ("expire", "shown", "field"),
    [
        (0, "never", "never"),
        (NOW + 12 * DAY, "in 12 d", "soon"),
        (NOW + 5 * MINUTE, "in 5 min", "soon"),
        (NOW + 47 * HOUR, "in 47 h", "soon"),
        (NOW + 400 * DAY, "in 400 d", "later"),
        (NOW + 4000 * DAY, "in 10 y", "later"),
        (NOW + 1, "in 1 s", "soon"),
        (NOW, "EXPIRED", "expired"),
        (1, "EXPIRED", "expired"),
    ],
)
def test_expire(expire, shown, field):
    assert words.expiry(int(expire), NOW) == shown
    assert words.expiry_field(int(expire), NOW) == field


def test_never_sorts_behind_every_date():
    assert sorted([0, 99, 5], key=words.expiry_order) == [5, 99, 0]


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (0, "just now"), (59, "just now"), (5 * MINUTE, "5 min ago"), (2 * HOUR, "2 h ago"),
        (12 * DAY, "12 d ago"), (-20 * MINUTE, "in 20 min"),
    ],
)  # fmt: skip
def test_ago(before, text):
    assert words.ago(NOW - before, NOW) == text


def test_dates_for_wide_lists():
    assert words.date(NOW) == "2026-11-21"
    assert words.date_time(NOW).startswith("2026-11-21 ")
    assert words.date(0) == "-"


@given(st.integers(min_value=-(2**70), max_value=2**70))
def test_no_number_in_a_file_upsets_them(number):
    assert words.date(number)
    assert words.date_time(number)
    assert words.ago(number, NOW)
    assert words.expiry(number, NOW)


def test_an_expiry_beyond_all_floats_is_a_long_time():
    expire = 10**4000
    assert words.expiry(expire, NOW).startswith("in ")
    assert words.expiry_field(expire, NOW) == "later"
    assert words.expiry_order(expire) < words.expiry_order(0)
