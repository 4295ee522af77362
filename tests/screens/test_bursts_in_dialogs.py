"""A touched security key over a dialog: nothing is chosen, closed or opened (R4)."""

import pytest
from textual.widgets import Input

from tests.screens.conftest import press, settle
from tests.screens.test_bursts import MODHEX, burst

DIALOGS = {
    "view": ("2", "v"),
    "sort": ("2", "s"),
    "help": ("2", "question_mark"),
    "details": ("2", "enter"),
    "commands": ("2", "c"),
}
FIELDS = {"prompt": ("2", "colon"), "pick": ("1", "v", "2", "p"), "find": ("2", "slash")}


def state(pilot):
    screens = pilot.app.screen_stack
    return list(screens), [getattr(widget, "at", None) for widget in screens[-1].query("*")]


@pytest.mark.parametrize("text", [MODHEX + "\r", "1234567890\r", "qqqqqq"])
@pytest.mark.parametrize("keys", DIALOGS.values(), ids=DIALOGS)
async def test_over_a_dialog_it_does_nothing(pilot, keys, text):
    await press(pilot, *keys)
    before = state(pilot)
    burst(pilot, text)
    await pilot.pause(0.2)
    await settle(pilot)
    assert state(pilot) == before
    assert pilot.app.is_running


@pytest.mark.parametrize("keys", FIELDS.values(), ids=FIELDS)
async def test_in_a_field_it_is_text_and_its_enter_is_lost(pilot, keys):
    await press(pilot, *keys)
    before = list(pilot.app.screen_stack)
    burst(pilot, MODHEX + "\r")
    await pilot.pause(0.2)
    await settle(pilot)
    assert pilot.app.screen_stack == before
    assert pilot.app.screen.query_one(Input).value == MODHEX
