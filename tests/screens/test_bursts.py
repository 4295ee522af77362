"""A touched security key types 44 letters and Enter: nothing may happen, anywhere (R4)."""

import pytest
from textual import events

from pve_auth_tui.core.lists import LISTINGS
from tests.screens.bursting import OPENERS, all_screens
from tests.screens.conftest import press, settle, status, table, until
from widgets.field import SecretEntry

MODHEX = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"
HALF = len(MODHEX) // 2
SCREENS = ["escape", *map(str, range(1, len(LISTINGS) + 1))]
NAMES = sorted(OPENERS)
AT_ONCE = 8  # screens in one application: each start of it costs a second


def burst(pilot, text):
    for character in text:
        key = "enter" if character == "\r" else character
        pilot.app.post_message(events.Key(key, None if key == "enter" else character))


def state(pilot):
    screen = pilot.app.screen
    return screen, len(pilot.app.screen_stack), table(pilot).key, table(pilot).marks


async def back_to_start(pilot):
    while len(pilot.app.screen_stack) > 2:
        pilot.app.pop_screen()
        await settle(pilot)


def done(pilot):
    """What was written on the node, and collected: nothing of it comes from a burst."""
    app = pilot.app
    written = app.workshop.journal.read()
    return len(written), tuple(app.collected), app.is_running, len(app.screen_stack)


def test_every_screen_of_the_program_is_opened_here():
    assert all_screens() == set(OPENERS)


@pytest.mark.parametrize("first", range(0, len(NAMES), AT_ONCE))
async def test_a_touched_key_runs_nothing_on_any_screen_or_dialog(pilot, first):
    for name in NAMES[first : first + AT_ONCE]:
        await back_to_start(pilot)
        await OPENERS[name](pilot)
        await settle(pilot)
        screen, before = pilot.app.screen, done(pilot)
        assert type(screen).__name__ == name
        burst(pilot, f"{MODHEX}\r")
        await pilot.pause(0.12)
        await settle(pilot)
        assert (pilot.app.screen, done(pilot)) == (screen, before), name
        burst(pilot, MODHEX[:HALF])
        await pilot.pause(0.03)
        burst(pilot, f"{MODHEX[HALF:]}\r")
        await pilot.pause(0.12)
        await settle(pilot)
        assert (pilot.app.screen, done(pilot)) == (screen, before), f"{name}, in two halves"


@pytest.mark.parametrize("text", [f"{MODHEX}\r", f"{MODHEX[:HALF]}\r{MODHEX[HALF:]}\r"])
async def test_a_code_into_the_field_for_codes_is_taken_whole_and_sends_nothing(pilot, text):
    await OPENERS["EnrolYubicoForm"](pilot)
    form = pilot.app.screen.form
    form.focus_field("otp")
    await settle(pilot)
    before = pilot.app.screen, done(pilot)
    field = form.field("otp")
    assert isinstance(field, SecretEntry)
    burst(pilot, text)
    await until(pilot, lambda: field.value.reveal() == MODHEX)
    await pilot.pause(0.12)
    await settle(pilot)
    assert (pilot.app.screen, done(pilot)) == before
    assert field.value.reveal() == MODHEX
    assert form.check() is False  # there is no description yet
    assert field.problem == ""
    assert "came at once" not in status(pilot)


async def test_a_code_that_a_key_has_typed_into_the_wrong_field_is_said_to_be_one(pilot):
    await OPENERS["EnrolYubicoForm"](pilot)
    burst(pilot, f"{MODHEX}\r")
    await pilot.pause(0.12)
    await press(pilot, "down")
    await until(
        pilot,
        lambda: (
            "belongs into the field below" in pilot.app.screen.form.field("description").problem
        ),
    )


@pytest.mark.parametrize("key", SCREENS)
async def test_a_burst_does_nothing_on_any_screen(pilot, key):
    await press(pilot, key)
    before = state(pilot)
    for text in ("y" * 6 + "\r", "0123456789\r", ":quit\r", "qqqq"):
        burst(pilot, text)
        await pilot.pause(0.12)
        await settle(pilot)
        assert state(pilot) == before
        await until(pilot, lambda: status(pilot).startswith("Many keys came at once"))
        pilot.app.screen.say("")
    assert pilot.app.is_running
    await press(pilot, "2")
    await until(pilot, lambda: pilot.app.screen.listing.name == "users")


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
    await until(pilot, lambda: pilot.app.screen.listing.name == "users")
    await until(pilot, lambda: table(pilot).count == 0)


async def test_a_paste_on_a_list_does_nothing(pilot):
    await press(pilot, "2")
    before = state(pilot)
    pilot.app.post_message(events.Paste("q\r0"))
    await pilot.pause(0.2)
    assert state(pilot) == before
    await until(pilot, lambda: status(pilot).startswith("Many keys came at once"))
    assert pilot.app.is_running


async def test_a_held_arrow_moves_at_once(pilot):
    await press(pilot, "2")
    for _ in range(10):
        pilot.app.post_message(events.Key("j", "j"))
        await pilot.pause(0.033)
    await until(pilot, lambda: table(pilot).cursor == 10)


@pytest.mark.parametrize("pause", [0.02, 0.06, 0.1])
async def test_keys_typed_quickly_behind_one_that_opens_a_list_reach_the_list(pilot, pause):
    for key in ("2", "j", "j"):
        pilot.app.post_message(events.Key(key, key))
        await pilot.pause(pause)
    await pilot.pause(0.3)
    await settle(pilot)
    await until(pilot, lambda: pilot.app.screen.listing.name == "users")
    await until(pilot, lambda: table(pilot).cursor == 2)
