"""`:journal`: the newest first, everything about one, verified, found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from screens.details import DetailsScreen
from screens.journal import JournalScreen
from screens.start import StartScreen
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
    until,
)
from tests.screens.journals import FIRST, UNREADABLE, Desk
from widgets.detail_pane import DetailPane
from widgets.text_view import TextView


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def opened(
    make_app: MakeApp, desk: Desk, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    app = desk.given_to(make_app())
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        app.push_screen(JournalScreen())
        await settle(pilot)
        yield pilot


def details(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(DetailPane).text


async def test_the_newest_entry_stands_first_with_its_facts_below(
    make_app: MakeApp, desk: Desk
) -> None:
    desk.tell_a_story()
    async with opened(make_app, desk) as pilot:
        await until(pilot, lambda: keys_shown(pilot) == ["6", "5", "4", "3", "2", "1", "0"])
        await sees(pilot, "7 entries")
        await until(pilot, lambda: details(pilot).startswith("Entry 7: result"))
        await until(pilot, lambda: "LOOK SUDO_USER root" in " ".join(details(pilot).split()))
        await press(pilot, "end", "up")
        await until(pilot, lambda: FIRST in details(pilot))
        await until(pilot, lambda: "joe (uid 1001), session 7" in details(pilot))


async def test_at_80_columns_a_row_tells_who_what_and_what_came_of_it(
    make_app: MakeApp, desk: Desk
) -> None:
    desk.tell_a_story()
    async with opened(make_app, desk) as pilot:
        rows = [line for line in shown(pilot).splitlines() if "a1b2c3" in line]
        assert any(
            "joe" in row and "pveum user modify" in row and "intended" in row for row in rows
        )
        assert any(row.rstrip().endswith("ok") for row in rows)


async def test_enter_opens_all_of_an_entry_and_esc_comes_back(
    make_app: MakeApp, desk: Desk
) -> None:
    desk.tell_a_story()
    async with opened(make_app, desk) as pilot:
        await press(pilot, "enter")
        await on_top(pilot, DetailsScreen)
        text = pilot.app.screen.query_one(TextView).text
        assert "failed: ApiError" in text
        assert desk.read()[-1].hash in text
        await press(pilot, "escape")
        await on_top(pilot, JournalScreen)
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)


async def test_t_verifies_and_says_ok(make_app: MakeApp, desk: Desk) -> None:
    desk.write("begin", step=0)
    desk.write("end", step=0)
    async with opened(make_app, desk) as pilot:
        await press(pilot, "t")
        await until(pilot, lambda: status(pilot).startswith("ok: 2 entries in one chain"))


async def test_t_tells_of_a_plan_without_an_end(make_app: MakeApp, desk: Desk) -> None:
    desk.tell_a_story()
    async with opened(make_app, desk) as pilot:
        await press(pilot, "t")
        await on_top(pilot, DetailsScreen)
        text = " ".join(pilot.app.screen.query_one(TextView).text.split())
        assert text.startswith("ok 7 entries in one chain. Head ")
        assert "LOOK Plan 20260725-110000-d4e5f6 (delete group ops) has no end" in text


async def test_t_tells_where_the_chain_is_broken(make_app: MakeApp, desk: Desk) -> None:
    desk.tell_a_story()
    desk.break_it()
    async with opened(make_app, desk) as pilot:
        await press(pilot, "t")
        await on_top(pilot, DetailsScreen)
        text = " ".join(pilot.app.screen.query_one(TextView).text.split())
        assert text.startswith("BAD The journal is BROKEN at entry 2, after 1 entry: it was edited")
        await press(pilot, "escape")
        await says(pilot, "BROKEN at entry 2")


async def test_what_is_typed_behind_the_slash_narrows(make_app: MakeApp, desk: Desk) -> None:
    desk.tell_a_story()
    async with opened(make_app, desk) as pilot:
        await press(pilot, "slash", *"who:eve", "enter")
        await until(pilot, lambda: keys_shown(pilot) == ["6", "5", "4"])
        await sees(pilot, "3 of 7")
        await press(pilot, "escape")
        await until(pilot, lambda: len(keys_shown(pilot)) == 7)
        await press(pilot, "slash", *"zzz", "enter")
        await until(pilot, lambda: "Nothing is found. Esc shows everything." in details(pilot))


async def test_n_goes_to_what_needs_a_look(make_app: MakeApp, desk: Desk) -> None:
    desk.tell_a_story()
    async with opened(make_app, desk) as pilot:
        await press(pilot, "n")
        await until(pilot, lambda: table(pilot).key == "5")


async def test_r_reads_what_was_written_meanwhile_and_the_cursor_stays(
    make_app: MakeApp, desk: Desk
) -> None:
    desk.tell_a_story()
    async with opened(make_app, desk) as pilot:
        await press(pilot, "down")
        desk.write("end", plan=1, step=0, outcome="failed: ApiError")
        await press(pilot, "r")
        await until(pilot, lambda: keys_shown(pilot)[0] == "7")
        await until(pilot, lambda: table(pilot).key == "5")


async def test_an_empty_journal_and_one_that_cannot_be_read_say_so(
    make_app: MakeApp, desk: Desk
) -> None:
    async with opened(make_app, desk) as pilot:
        await until(pilot, lambda: "Nothing was changed with this program yet." in details(pilot))
        await press(pilot, "enter")
        await says_just(pilot, "There is no entry here.")
        desk.trouble = UNREADABLE
        for key in ("r", "t"):
            await press(pilot, key)
            await until(pilot, lambda: str(UNREADABLE) in " ".join(details(pilot).split()))


async def test_where_nothing_can_be_changed_there_is_no_journal(make_app: MakeApp) -> None:
    app = make_app()
    app.prepare_changes(None)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(JournalScreen())
        await settle(pilot)
        await until(pilot, lambda: "Nothing can be changed here." in details(pilot))


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (132, 43), (200, 60)])
async def test_it_opens_at_any_size(make_app: MakeApp, size: tuple[int, int]) -> None:
    async with opened(make_app, Desk(entries=300), size) as pilot:
        await until(pilot, lambda: table(pilot).total == 300)
        await sees(pilot, "a1b2c3")
        await until(pilot, lambda: table(pilot).key == "299")
        await press(pilot, "end", "pageup")
        assert table(pilot).key != "299"


async def test_names_in_an_entry_cannot_draw_on_the_screen(make_app: MakeApp, desk: Desk) -> None:
    desk.write("intent", "pveum user modify \x1b[2J\u202e[red]joe[/red]\n@pve")
    async with opened(make_app, desk, (132, 43)) as pilot:
        await sees(pilot, r"\x1b[2J\u202e[red]joe[/red]\n@pve")
