"""Start: who gets in, what there is, what needs a look."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.errors import Unreadable
from screens.anything import AnythingScreen
from screens.listing import ListScreen
from screens.recover import RecoverScreen
from screens.start import StartScreen
from tests.screens.conftest import (
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


async def test_it_says_that_this_is_a_demo(pilot):
    await sees(pilot, "DEMO: a simulated cluster, no real node is touched.")
    await until(pilot, lambda: "DEMO" in shown(pilot).split("\n")[0])


async def test_facts_and_what_to_look_at(pilot):
    await sees(
        pilot,
        "9 administrators, 5 with a second factor",
        "212, 31 groups, 14 tokens, 1,204 ACL lines",
    )
    await says(pilot, "13 things to look at.")


async def test_the_cursor_tells_the_next_step_and_enter_opens_what_it_is_about(pilot):
    await press(pilot, "down")
    await until(pilot, lambda: status(pilot))
    assert "things to look at" not in status(pilot)
    await press(pilot, "enter")
    await on_top(pilot, ListScreen)
    assert table(pilot).key is not None


async def test_every_finding_opens_rows_that_exist(pilot):
    count = table(pilot).count
    for number in range(count):
        table(pilot).action_end(0)
        table(pilot).action_move(number)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ListScreen))
        assert table(pilot).row is not None, number
        await press(pilot, "escape")
        if not isinstance(pilot.app.screen, StartScreen):
            await press(pilot, "escape")
        await on_top(pilot, StartScreen)


async def test_find_anything_finds_in_all_lists_and_opens_the_row_there(pilot):
    await press(pilot, "slash")
    await on_top(pilot, AnythingScreen)
    await type_text(pilot, "monitor8")
    await press(pilot, "enter")
    kinds = {row.fields["list"] for row in table(pilot).rows_shown}
    assert {"roles", "acl"} <= kinds
    while table(pilot).row.fields["list"] != "roles":
        await press(pilot, "down")
    await press(pilot, "enter")
    await until(
        pilot, lambda: (pilot.app.screen.listing.name, table(pilot).key) == ("roles", "Monitor8")
    )


async def test_after_ten_idle_minutes_start_comes_back(pilot, monkeypatch):
    await press(pilot, "2")
    monkeypatch.setattr("pve_auth_tui.app._IDLE", 0)
    pilot.app._watch_idleness()
    await settle(pilot)
    await on_top(pilot, StartScreen)


class Nothing:
    has_second = False

    def __init__(self):
        self.works = False

    def load(self):
        raise Unreadable("/etc/pve is not mounted.", "Is pmxcfs running?", "ENOTCONN")


async def test_without_any_picture_it_says_why_and_every_key_still_works(make_app):
    app = make_app()
    app._service = Nothing()
    app._service.is_ready = False
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await on_top(pilot, RecoverScreen)
        await sees(pilot, "/etc/pve is not mounted. Is pmxcfs running?")
        await press(pilot, "escape")
        await sees(pilot, "BAD   /etc/pve is not mounted.", "Is pmxcfs running?")
        await press(pilot, "2", "v", "escape", "slash", "escape", "enter", "space", "c", "f", "n")
        await sees(pilot, "BAD   /etc/pve is not mounted.")
        await says_just(pilot, "Nothing here needs a look.")
        await press(pilot, "r")
        await says_just(pilot, "/etc/pve is not mounted. Is pmxcfs running?")


async def test_a_reload_that_fails_keeps_the_old_picture(pilot):
    await press(pilot, "2")
    pilot.app._service = Nothing()
    await press(pilot, "r")
    await says(pilot, "/etc/pve is not mounted")
    await until(pilot, lambda: table(pilot).total == 212)
    await press(pilot, "4")
    await until(pilot, lambda: "READ EARLIER" in shown(pilot).split("\n")[0])


async def test_a_reload_that_works_again_takes_the_mark_away(pilot):
    works, pilot.app._service = pilot.app._service, Nothing()
    await press(pilot, "r")
    await sees(pilot, "READ EARLIER")
    pilot.app._service = works
    await press(pilot, "r")
    await until(pilot, lambda: "READ EARLIER" not in shown(pilot))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (132, 43), (250, 80)])
async def test_it_follows_the_size(make_app, size):
    async with make_app().run_test(size=size) as pilot:
        await settle(pilot)
        await sees(pilot, "administrators")
        await until(pilot, lambda: len(shown(pilot).split("\n")) == size[1])


async def test_find_anything_finds_guests_and_opens_their_acl_entries(pilot):
    await press(pilot, "slash")
    await type_text(pilot, "web-01")
    await press(pilot, "enter")
    await until(
        pilot,
        lambda: [row.cells[:2] for row in table(pilot).rows_shown] == [("Guest", "100 web-01")],
    )
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.listing.name == "acl")
    await until(pilot, lambda: {row.cells[0] for row in table(pilot).rows_shown} == {"/vms/100"})


async def test_the_count_follows_the_findings_although_it_was_said_twice(pilot):
    """What is said before a screen is there is said once more when it is."""
    start, outlook = pilot.app.screen, pilot.app.outlook
    start.say(status(pilot))
    fewer = replace(outlook.overview, findings=outlook.overview.findings[1:])
    pilot.app.outlook = outlook._replace(overview=fewer)
    start.snapshot_changed()
    await until(pilot, lambda: status(pilot).startswith("12 things to look at."))
