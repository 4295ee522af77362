"""The grammar of lists: it is the same on every one of them."""

import csv

import pytest
from textual.widgets import Input

from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.plain import plain
from screens.details import DetailsScreen
from screens.help import HelpScreen
from screens.listing import ListScreen
from screens.start import StartScreen
from tests.screens.conftest import (
    keys_shown,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from widgets.detail_pane import DetailPane
from widgets.lines import KeyLine

DIGITS = [(str(digit), listing) for digit, listing in enumerate(LISTINGS, start=1)]


@pytest.mark.parametrize(("digit", "listing"), DIGITS, ids=[listing.name for _, listing in DIGITS])
async def test_a_digit_opens_the_list_that_carries_it(pilot, digit, listing):
    await press(pilot, digit)
    screen = pilot.app.screen
    assert isinstance(screen, ListScreen)
    assert screen.listing is listing
    await until(pilot, lambda: table(pilot).total >= 3)
    await sees(pilot, f"[{digit} ")


@pytest.mark.parametrize(("digit", "listing"), DIGITS, ids=[listing.name for _, listing in DIGITS])
async def test_the_detail_pane_follows_the_cursor_through_every_row(pilot, digit, listing):
    await press(pilot, digit)
    pane = pilot.app.screen.query_one(DetailPane)
    for _ in range(min(12, table(pilot).count)):
        await pilot.press("down")
        heading = plain(listing.heading(pilot.app.snapshot, table(pilot).key))
        await until(pilot, lambda heading=heading: pane.heading == heading)


async def test_the_pane_waits_until_the_keys_rest(pilot):
    await press(pilot, "2")
    pane = pilot.app.screen.query_one(DetailPane)
    before = pane.heading
    await pilot.press("down")
    assert pane.heading == before
    await until(pilot, lambda: pane.heading != before)


async def test_finding_narrows_at_every_key_and_keeps_the_words(pilot):
    await press(pilot, "2", "slash")
    await type_text(pilot, "anna")
    await until(pilot, lambda: "anna@pam" in keys_shown(pilot))
    await until(pilot, lambda: len(keys_shown(pilot)) < 10)
    await type_text(pilot, " realm:pam")
    await until(pilot, lambda: keys_shown(pilot) == ["anna@pam"])
    await press(pilot, "enter")
    await until(pilot, lambda: not pilot.app.screen.query(Input))
    await sees(pilot, "/ anna realm:pam", "1 of 212")


async def test_a_field_that_does_not_exist_is_said(pilot):
    await press(pilot, "2", "slash")
    await type_text(pilot, "colour:red")
    await says(pilot, "No field colour here")


async def test_escape_drops_words_first_then_leaves(pilot):
    await press(pilot, "2", "slash")
    await type_text(pilot, "anna")
    await press(pilot, "enter", "escape")
    await until(pilot, lambda: table(pilot).count == 212)
    await press(pilot, "escape")
    await on_top(pilot, StartScreen)
    await press(pilot, "escape")
    await on_top(pilot, StartScreen)
    await says_just(pilot, "q leaves.")


async def test_nothing_found_says_how_to_get_back(pilot):
    await press(pilot, "2", "slash")
    await type_text(pilot, "zzzz")
    await pilot.pause(0.2)
    await sees(pilot, "Nothing is found. Esc shows everything.")


async def test_views_are_numbered_and_a_digit_takes_one(pilot):
    await press(pilot, "2", "v")
    await sees(pilot, "1 everything")
    await press(pilot, "2")
    await on_top(pilot, ListScreen)
    await sees(pilot, "view: administrators")
    await until(pilot, lambda: "root@pam" in keys_shown(pilot))
    await until(pilot, lambda: 3 < table(pilot).count < 30)


async def test_a_view_that_asks_for_a_word_opens_the_field(pilot):
    await press(pilot, "2", "v")
    names = ["everything", *(view.name for view in LISTINGS[1].views)]
    await press(pilot, *["down"] * names.index("from one realm"), "enter")
    await type_text(pilot, "entra")
    await until(pilot, lambda: keys_shown(pilot))
    assert all(key.endswith("@entra") for key in keys_shown(pilot))


async def test_sorting_shows_its_choices(pilot):
    await press(pilot, "2", "s")
    await sees(pilot, "Sort by")
    await press(pilot, "2")
    await says_just(pilot, "Sorted: User name.")
    names = [key.rpartition("@")[0].casefold() for key in keys_shown(pilot)]
    assert names == sorted(names)


async def test_marks_are_told_hidden_ones_included(pilot):
    await press(pilot, "2")
    table(pilot).go_to("bob.admin@corp")
    await press(pilot, "space")
    await press(pilot, "slash")
    await type_text(pilot, "anna")
    await press(pilot, "enter")
    await sees(pilot, "1 marked, 1 hidden")
    await says_just(pilot, "1 marked: keys act on bob.admin@corp (hidden), not on >. Esc unmarks.")
    await press(pilot, "escape")
    await until(pilot, lambda: "marked" not in shown(pilot).split("\n")[2])


async def test_enter_opens_everything_about_a_row_and_escape_comes_back(pilot):
    await press(pilot, "2")
    table(pilot).go_to("anna.admin@corp")
    await press(pilot, "enter")
    await on_top(pilot, DetailsScreen)
    await sees(pilot, "anna.admin@corp")
    await press(pilot, "escape")
    await until(pilot, lambda: table(pilot).key == "anna.admin@corp")


async def test_a_list_keeps_cursor_and_words_between_visits(pilot):
    await press(pilot, "2", "slash")
    await type_text(pilot, "anna")
    await press(pilot, "enter", "down", "8", "2")
    await until(pilot, lambda: table(pilot).count < 10)
    await until(pilot, lambda: table(pilot).key == keys_shown(pilot)[1])


async def test_reload_keeps_the_cursor_on_its_row_and_says_so(pilot):
    await press(pilot, "2")
    table(pilot).go_to("root@pam")
    await press(pilot, "r")
    await until(pilot, lambda: table(pilot).key == "root@pam")
    await says(pilot, "Read again: 212 users.")


@pytest.mark.parametrize("key", ["a", "e", "d", "u"])
async def test_keys_that_change_things_are_dim_and_say_why(make_app, rack, key):
    async with make_app(rack).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2", key)
        await until(pilot, lambda: status(pilot).startswith("Nothing can be changed now: "))


async def test_the_last_line_follows_the_row(pilot):
    def works(word: str) -> bool:
        hints = pilot.app.screen.query_one(KeyLine)._hints
        return any(hint.works for hint in hints if hint.word == word)

    await press(pilot, "8")
    for realm, is_tested in [("corp", True), ("pam", False), ("lab", True)]:
        table(pilot).go_to(realm)
        await until(pilot, lambda is_tested=is_tested: works("test") is is_tested)


async def test_what_is_not_built_says_so(pilot):
    await press(pilot, "2", "9")
    await says(pilot, "Health is not built yet")


async def test_commands_of_a_row_can_be_typed_in_a_shell(pilot):
    await press(pilot, "2")
    table(pilot).go_to("root@pam")
    await press(pilot, "c")
    await sees(pilot, "pveum user")


async def test_next_goes_through_what_needs_a_look(pilot):
    await press(pilot, "1", "n")
    first = table(pilot).key
    await until(pilot, lambda: table(pilot).row.fields["look"] == "yes")
    await press(pilot, "n")
    await until(pilot, lambda: table(pilot).key != first)


async def test_saving_writes_a_file_for_this_user_alone(pilot, tmp_path):
    await press(pilot, "2", "slash")
    await type_text(pilot, "anna")
    await press(pilot, "enter", "f")
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.stat().st_mode & 0o777 == 0o600
    await says_just(pilot, f"Saved as {saved}")
    rows = list(csv.reader(saved.read_text().splitlines()))
    assert rows[0][:3] == ["User name", "Realm", "Enabled"]
    await until(pilot, lambda: len(rows) == table(pilot).count + 1)


async def test_help_is_made_from_the_commands_of_the_screen(pilot):
    await press(pilot, "2", "question_mark")
    await on_top(pilot, HelpScreen)
    await press(pilot, "escape")
    screen = pilot.app.screen
    for command in screen.OFFERS:
        assert command.help(), command
        assert command.name, command
    names = [command.name for command in screen.OFFERS]
    keys = [key for command in screen.OFFERS for key in command.keys.split(",") if key]
    assert len(names) == len(set(names))
    assert len(keys) == len(set(keys))
    bound = {binding.key for binding in screen.BINDINGS}
    assert bound == {command.keys for command in screen.OFFERS if command.keys}


async def test_no_command_needs_a_function_key_or_a_control_key(pilot):
    await press(pilot, "2")
    for command in pilot.app.screen.OFFERS:
        keys = command.keys.split(",")
        assert not keys[0].startswith(("f1", "f2", "ctrl", "alt")), command
        assert not {"[", "]", "O", "A", "B", "C", "D"} & set(keys), command
