"""A touched security key types 44 letters and Enter: nothing may happen, anywhere (R4)."""

import pytest
from textual import events

from pve_auth_tui.core.lists import LISTINGS
from tests.screens.conftest import press, settle, status, table

MODHEX = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"
SCREENS = ["escape", *map(str, range(1, len(LISTINGS) + 1))]


def burst(pilot, text):
    for character in text:
        key = "enter" if character == "\r" else character
        pilot.app.post_message(events.Key(key, None if key == "enter" else character))


def state(pilot):
    screen = pilot.app.screen
    return screen, len(pilot.app.screen_stack), table(pilot).key, table(pilot).marks


@pytest.mark.parametrize("text", [MODHEX + "\r", "y" * 6 + "\r", "0123456789\r", ":quit\r", "qqqq"])
@pytest.mark.parametrize("key", SCREENS)
async def test_a_burst_does_nothing_on_any_screen(pilot, key, text):
    await press(pilot, key)
    before = state(pilot)
    burst(pilot, text)
    await pilot.pause(0.2)
    await settle(pilot)
    assert state(pilot) == before
    assert status(pilot).startswith("Many keys came at once")
    assert pilot.app.is_running
    await press(pilot, "2")
    assert pilot.app.screen.listing.name == "users"


@pytest.mark.parametrize("text", [MODHEX + "\r", "0123456789\r", "qqqq"])
@pytest.mark.parametrize(
    "keys",
    [("2", "v"), ("2", "s"), ("2", "enter"), ("2", "question_mark"), ("1", "v", "2")],
    ids=["views", "sort", "details", "help", "tree"],
)
async def test_a_burst_chooses_nothing_and_closes_nothing(pilot, keys, text):
    await press(pilot, *keys)
    before = pilot.app.screen
    burst(pilot, text)
    await pilot.pause(0.2)
    await settle(pilot)
    assert pilot.app.screen is before
    assert pilot.app.is_running


async def test_a_burst_into_the_choice_of_a_person_picks_nobody(pilot):
    await press(pilot, "1", "v", "2", "p")
    before = pilot.app.screen
    burst(pilot, MODHEX + "\r")
    await pilot.pause(0.2)
    assert pilot.app.screen is before


async def test_a_burst_into_the_prompt_stays_text_and_is_not_sent(pilot):
    await press(pilot, "colon")
    prompt = pilot.app.screen
    burst(pilot, "quit" + "\r")
    await pilot.pause(0.2)
    assert pilot.app.screen is prompt
    assert pilot.app.is_running


async def test_a_burst_into_the_find_field_is_text_and_the_enter_does_not_open_a_row(pilot):
    await press(pilot, "2", "slash")
    burst(pilot, MODHEX + "\r")
    await pilot.pause(0.3)
    assert pilot.app.screen.listing.name == "users"
    assert table(pilot).count == 0


async def test_a_paste_on_a_list_does_nothing(pilot):
    await press(pilot, "2")
    before = state(pilot)
    pilot.app.post_message(events.Paste("q\r0"))
    await pilot.pause(0.2)
    assert state(pilot) == before
    assert status(pilot).startswith("Many keys came at once")
    assert pilot.app.is_running


async def test_a_held_arrow_moves_at_once(pilot):
    await press(pilot, "2")
    for _ in range(10):
        pilot.app.post_message(events.Key("j", "j"))
        await pilot.pause(0.033)
    assert table(pilot).cursor == 10


@pytest.mark.parametrize("pause", [0.02, 0.06, 0.1])
async def test_keys_typed_quickly_behind_one_that_opens_a_list_reach_the_list(pilot, pause):
    for key in ("2", "j", "j"):
        pilot.app.post_message(events.Key(key, key))
        await pilot.pause(pause)
    await pilot.pause(0.3)
    await settle(pilot)
    assert pilot.app.screen.listing.name == "users"
    assert table(pilot).cursor == 2
