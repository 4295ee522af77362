"""`:survive` by keys alone: rows, columns, reasons, a drill, on large and on small terminals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.terminal.profile import Profile
from screens.details import DetailsScreen
from screens.prove import ProveScreen
from screens.survive import SurviveScreen
from tests.screens.conftest import (
    MakeApp,
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


async def opened(pilot: Pilot[None]) -> None:
    await settle(pilot)
    await press(pilot, "colon")
    await type_text(pilot, "survive")
    await press(pilot, "enter")
    await on_top(pilot, SurviveScreen)


@pytest.fixture
async def matrix(make_app: MakeApp, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        yield pilot


def line_of(pilot: Pilot[None], *words: str) -> str:
    """The line that holds all of these words; "" while there is none."""
    lines = (line for line in shown(pilot).splitlines())
    return next((line for line in lines if all(word in line.split() for word in words)), "")


async def test_the_number_stands_on_top_and_a_row_for_each_way_in(matrix: Pilot[None]) -> None:
    lines = shown(matrix).splitlines()
    assert "Who still gets in, whatever breaks" in lines[2]
    assert lines[3].startswith(" ok    4 independent ways in: root (console)")
    titles = next(line for line in lines if "Administrator" in line).split()
    assert titles == ["Administrator", "With", *(threat.column for threat in Threat)]
    row = line_of(matrix, "root@pam", "recovery").split()
    assert row == ["root@pam", "recovery", "[yes]", "yes", "yes", "yes", "NO", "yes", "NO", "yes"]


async def test_left_and_right_choose_the_trouble_whose_reason_is_shown(matrix: Pilot[None]) -> None:
    await press(matrix, "down", *["right"] * 4)
    await sees(
        matrix,
        "root@pam, recovery - no quorum: NO",
        "PVE has to store that the recovery key was used, which needs quorum.",
    )
    await until(matrix, lambda: "[NO]" in line_of(matrix, "root@pam", "recovery"))
    await press(matrix, "left")
    await sees(matrix, "root@pam, recovery - phone lost: yes")
    await press(matrix, *["left"] * 9)
    await sees(matrix, "identity provider down")
    await press(matrix, *["right"] * 12)
    await sees(matrix, "certificate name changed")
    await until(matrix, lambda: table(matrix).key == keys_shown(matrix)[1])  # the row stays


async def test_enter_tells_all_of_a_way_in(matrix: Pilot[None]) -> None:
    await press(matrix, "enter")
    await on_top(matrix, DetailsScreen)
    await sees(
        matrix, "Way in root@pam with key rack 3", "Falls to DNS gone, certificate name changed"
    )
    await press(matrix, "escape")
    await on_top(matrix, SurviveScreen)


async def test_n_tells_what_needs_a_look(matrix: Pilot[None]) -> None:
    await press(matrix, "n")
    await sees(matrix, "1 administrator has no way in today: anna.admin@corp", "TOTP is locked")


async def test_the_page_is_saved(matrix: Pilot[None], tmp_path: Path) -> None:
    await press(matrix, "f")
    await says(matrix, "Saved, for you alone")
    (file,) = (tmp_path / "saved").glob("*survive.txt")
    text = file.read_text()
    assert text.startswith("Ways in of rack, ")
    assert "DEMO: a simulated cluster." in text
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_drill_is_a_login_and_its_date_stands_in_the_matrix(matrix: Pilot[None]) -> None:
    app = matrix.app
    assert isinstance(app, PveAuthApp)
    table(matrix).go_to("nina@pve password")
    await settle(matrix)
    await sees(matrix, "never proved here")
    await press(matrix, "t")
    await until(matrix, lambda: isinstance(app.screen, ProveScreen))
    await type_text(matrix, PASSWORD)
    await matrix.press("ctrl+o")
    await until(matrix, lambda: "nina@pve logged in at" in status(matrix))
    await press(matrix, "escape")
    await until(matrix, lambda: isinstance(app.screen, SurviveScreen))
    await until(matrix, lambda: "proved by a login just now" in shown(matrix))
    await until(matrix, lambda: table(matrix).key == "nina@pve password")
    (entry,) = app.workshop.journal.read()
    assert (entry.entry.event, entry.entry.outcome) == ("proved", "ok")
    assert "nina@pve logged in at" in entry.entry.text
    assert PASSWORD not in entry.entry.text


async def test_the_console_is_proved_at_the_console(matrix: Pilot[None]) -> None:
    table(matrix).go_to("root console")
    await settle(matrix)
    await press(matrix, "t")
    await on_top(matrix, SurviveScreen)
    await says_just(matrix, "The console is proved at the console: log in there as root.")


async def test_a_new_picture_keeps_the_cursor_and_the_column(matrix: Pilot[None]) -> None:
    await press(matrix, "down", "down", "right")
    key = table(matrix).key
    await press(matrix, "r")
    await until(matrix, lambda: table(matrix).key == key)
    await sees(matrix, "root, console - directory down: yes")


async def test_who_is_shown_only_a_part_gets_no_answer(matrix: Pilot[None]) -> None:
    app = matrix.app
    assert isinstance(app, PveAuthApp)
    assert app.outlook
    partly = replace(app.outlook.snapshot, restricted=True)
    app.outlook = app.outlook._replace(snapshot=partly)
    app.house_screen.take_picture()
    await settle(matrix)
    await sees(matrix, "PVE shows this login only a part of the users")
    await until(matrix, lambda: keys_shown(matrix) == [])
    await press(matrix, "enter", "t", "f", "n", "right")
    assert isinstance(app.screen, SurviveScreen)


async def test_it_is_opened_once(matrix: Pilot[None]) -> None:
    depth = len(matrix.app.screen_stack)
    await press(matrix, "colon")
    await type_text(matrix, "survive")
    await press(matrix, "enter")
    assert len(matrix.app.screen_stack) == depth
    await press(matrix, "escape")
    await until(matrix, lambda: not isinstance(matrix.app.screen, SurviveScreen))


# --- other terminals --------------------------------------------------------------------------


async def test_a_small_terminal_shows_the_chosen_trouble_alone(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot)
        lines = shown(pilot).splitlines()
        assert lines[1].startswith(" ok    4 independent ways in:")
        assert lines[2].split() == ["Administrator", "With", "IdP"]
        await press(pilot, *["right"] * 4, "down")
        at_last = ["Administrator", "With", "Quor."]
        await until(pilot, lambda: shown(pilot).splitlines()[2].split() == at_last)
        await sees(pilot, "recovery - no quorum: NO")
        assert line_of(pilot, ">", "recovery").split() == [">", "root@pam", "recovery", "NO"]
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "[NO]" in line_of(pilot, ">", "root@pam", "recovery"))


async def test_without_colour_and_without_boxes_the_words_say_it(make_app: MakeApp) -> None:
    """LANG=C, a serial line: nothing hangs on colour or on a glyph."""
    profile = Profile("ascii", "none", serial=True)
    async with make_app(profile=profile).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await sees(pilot, "4 independent ways in")
        assert "NO" in line_of(pilot, "root@pam", "recovery")


async def test_a_large_terminal_has_the_dates_too(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(132, 43)) as pilot:
        await opened(pilot)
        assert line_of(pilot, "nina@pve", "password").split()[-1] == "never"
