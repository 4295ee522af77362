"""A busy machine may come late to a timer that begins to wait: it ends all the same."""

import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from textual import timer

from tests.screens.conftest import press, settle, table, until
from widgets.detail_pane import DetailPane

LATE = 10.0  # seconds, longer than any of them


@pytest.fixture
def busy(monkeypatch):
    """Whoever has a timer wait once is late between its first two looks at the clock."""
    looks = Counter()
    known = timer._time.get_time

    def get_time():
        waits = sys._getframe(1).f_locals["self"]
        looks[waits] += 1
        return known() + (LATE if waits._repeat == 0 and looks[waits] == 2 else 0)

    monkeypatch.setattr(timer, "_time", SimpleNamespace(get_time=get_time))


async def test_a_key_that_had_to_wait_acts(pilot, busy):
    await press(pilot, "2", "space")
    await until(pilot, lambda: len(table(pilot).marks) == 1)


async def test_the_detail_pane_follows_the_cursor(pilot, busy):
    await press(pilot, "2")
    await settle(pilot)
    for key in ("bob.admin@corp", "anna@pam"):
        table(pilot).go_to(key)
        await until(pilot, lambda key=key: key in pilot.app.screen.query_one(DetailPane).text)
