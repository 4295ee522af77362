"""Recover on the demo cluster: it opens by itself, and from there to restored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from pve_auth_tui.core.errors import Unwritable
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.objects import Key, record
from pve_auth_tui.services.unrecorded import NOT_RECORDED
from screens.plan import PlanScreen
from screens.prove import ProveScreen
from screens.recover import RecoverScreen
from screens.recover_reason import ReasonScreen
from screens.start import StartScreen
from tests.screens.conftest import (
    listening,
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
from tests.screens.recovering import digit_of, looked, opened, rows

ROOT = "root@pam"
OPENS = (
    *("no quorum", "all alone", "corosync dead", "pmxcfs dead", "dead mount"),
    *("root locked", "root disabled", "tfa broken", "pveproxy dead", "pvedaemon dead"),
)
STAYS = ("slow", "lock held", "disk full")


def head(pilot):
    return shown(pilot).split("\n", maxsplit=1)[0]


def obstacle(pilot):
    return login(pilot.app.snapshot, ROOT, pilot.app.workshop.clock.now()).obstacle


async def started(app, pilot):
    await settle(pilot)
    await until(pilot, lambda: app.outlook is not None or app.failure is not None)
    await settle(pilot)


async def plan_listens(pilot):
    await listening(pilot)


async def has_run(pilot):
    await until(pilot, lambda: pilot.app.screen._report is not None)
    await settle(pilot)


async def take(pilot, ident):
    """A way back, with the reason as it is proposed."""
    await press(pilot, digit_of(pilot.app.screen, ident))
    await press(pilot, "enter")
    await plan_listens(pilot)


# --- opening by itself -------------------------------------------------------------------------


@pytest.mark.parametrize("story", OPENS)
async def test_it_opens_by_itself_when_nobody_gets_in_or_nothing_can_be_changed(make_app, story):
    app = make_app()
    app.stories.turn(story, on=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await started(app, pilot)
        await looked(pilot)
        await on_top(pilot, RecoverScreen)
        await until(pilot, lambda: pilot.app.screen.diagnosis.causes)
        await until(pilot, lambda: "Ways back, least harm first" in rows(pilot).text)
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)
        await press(pilot, "r")
        await settle(pilot)
        await on_top(pilot, StartScreen)  # by itself only once
        await press(pilot, "0")
        await on_top(pilot, RecoverScreen)


@pytest.mark.parametrize("story", STAYS)
async def test_else_start_opens_as_ever(make_app, story):
    app = make_app()
    app.stories.turn(story, on=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await started(app, pilot)
        await on_top(pilot, StartScreen)


async def test_the_demo_opens_start(pilot):
    await on_top(pilot, StartScreen)


async def test_what_only_a_later_picture_shows_opens_it_too(pilot):
    pilot.app.stories.turn("root disabled", on=True)
    await press(pilot, "r")
    await until(pilot, lambda: isinstance(pilot.app.screen, RecoverScreen))


async def test_nobody_is_taken_away_from_a_list(pilot):
    await press(pilot, "2")
    pilot.app.stories.turn("root disabled", on=True)
    await press(pilot, "r")
    await settle(pilot)
    await until(pilot, lambda: pilot.app.screen.listing.name == "users")
    await until(pilot, lambda: status(pilot).endswith("0 opens Recover."))
    await press(pilot, "0")
    await on_top(pilot, RecoverScreen)


async def test_0_opens_it_from_lists_details_answers_and_dialogs_below(pilot):
    for keys in (("2",), ("2", "enter"), ("2", "w"), ("escape",)):
        await press(pilot, *keys)
        if not isinstance(pilot.app.screen, StartScreen) and "w" in keys:
            await press(pilot, "escape")  # the choice of a privilege: text goes into its field
        await press(pilot, "0")
        await until(pilot, lambda: isinstance(pilot.app.screen, RecoverScreen))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))


# --- from opening to restored ------------------------------------------------------------------


async def test_a_lock_is_gone_three_keys_after_the_program_has_opened(make_app):
    """At most four: counted, and PVE itself is asked whether the lock is gone."""
    app = make_app()
    app.stories.turn("root locked", on=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await started(app, pilot)
        await looked(pilot)
        await until(pilot, lambda: obstacle(pilot))
        keys = [digit_of(pilot.app.screen, "unlock"), "enter", "y"]
        await press(pilot, *keys[:2])
        await plan_listens(pilot)
        await press(pilot, keys[2])
        await has_run(pilot)
        assert len(keys) <= 4
        await until(pilot, lambda: obstacle(pilot) == "")
        api = app._service._nodes.api
        mine = api.call("GET", ("access", "tfa", ROOT))
        assert mine is not None
        everybody = api.call("GET", ("access", "tfa"))
        assert not next(one for one in everybody if one["userid"] == ROOT).get("tfa-locked-until")


async def test_a_disabled_root_is_enabled_and_what_is_next_is_told(make_app):
    app = make_app()
    app.stories.turn("root disabled", on=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await started(app, pilot)
        await looked(pilot)
        await take(pilot, "enable")
        await press(pilot, "y")
        await has_run(pilot)
        assert record(app.snapshot, Key("user", ROOT))["enable"] == "1"
        await press(pilot, "escape")
        await looked(pilot)
        await until(pilot, lambda: status(pilot).startswith("Done."))
        await until(pilot, lambda: "Afterwards" in rows(pilot).text)
        await press(pilot, "p")
        await on_top(pilot, ProveScreen)
        await press(pilot, "escape")
        await on_top(pilot, RecoverScreen)


async def test_rows_of_afterwards_do_what_they_say(make_app):
    app = make_app()
    app.stories.turn("root disabled", on=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await started(app, pilot)
        await looked(pilot)
        await take(pilot, "enable")
        await press(pilot, "y")
        await has_run(pilot)
        await press(pilot, "escape")
        await looked(pilot)
        rows(pilot).go_to("next:Login")
        await press(pilot, "enter")
        await on_top(pilot, ProveScreen)
        await press(pilot, "escape")
        await press(pilot, "o")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "EnrolTotpScreen")


# --- what stays of it (R18) --------------------------------------------------------------------


async def recovered(app, pilot):
    app.stories.turn("root disabled", on=True)
    await press(pilot, "r")
    await looked(pilot)
    await take(pilot, "enable")
    await press(pilot, "y")
    await has_run(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: app.recovered)
    await settle(pilot)


async def test_it_is_told_on_line_1_and_first_on_start_until_somebody_acknowledges_it(pilot):
    """R18"""
    app = pilot.app
    await recovered(app, pilot)
    await until(pilot, lambda: "RECOVERED, see Start" in head(pilot))
    assert "Nothing has been changed" not in shown(pilot)
    await press(pilot, "escape")
    await on_top(pilot, StartScreen)
    first = table(pilot).rows_shown[0]
    assert "Recover was used at" in first.cells[1]
    assert "enable root@pam (done)" in first.cells[1]
    table(pilot).action_end(0)
    await press(pilot, "enter")
    await on_top(pilot, RecoverScreen)
    await looked(pilot)
    await until(pilot, lambda: "next:Seen" in rows(pilot)._keys)
    await press(pilot, "a")
    await until(pilot, lambda: not app.recovered)
    await settle(pilot)
    await says_just(pilot, "Acknowledged.")
    assert "RECOVERED" not in head(pilot)
    await press(pilot, "escape")
    await until(
        pilot,
        lambda: not any("Recover was used" in row.cells[1] for row in table(pilot).rows_shown),
    )


async def test_there_may_be_nothing_to_acknowledge(pilot):
    await opened(pilot)
    await press(pilot, "a")
    await says_just(pilot, "There is nothing to acknowledge.")


async def test_reason_and_who_stand_in_the_journal(pilot):
    """R18"""
    await recovered(pilot.app, pilot)
    entries = [written.entry for written in pilot.app.workshop.journal.read()]
    assert any("root@pam cannot log in" in entry.reason for entry in entries)
    (one,) = pilot.app.workshop.recover.unseen()
    assert (one.userid, one.outcome) == (ROOT, "done")
    assert "root@pam cannot log in" in one.reason


async def test_a_way_back_never_takes_itself_back_and_is_never_collected(pilot):
    await press(pilot, "colon")
    pilot.app.screen.query_one(Input).value = "collect"
    await press(pilot, "enter")
    pilot.app.stories.turn("root disabled", on=True)
    await press(pilot, "r")
    await looked(pilot)
    await take(pilot, "enable")
    await on_top(pilot, PlanScreen)
    assert not pilot.app.collected
    await press(pilot, "m")
    await says_just(pilot, "What gets somebody back in does not take itself back.")


# --- when nothing records it (R16) ---------------------------------------------------------------


class FullJournal:
    """Neither disk nor syslog takes a line."""

    def __init__(self, journal):
        self._journal = journal

    def write(self, entry):
        raise Unwritable("No space left on the disk.", "Remove something.")

    def read(self):
        return self._journal.read()

    def verify(self, head=""):
        return self._journal.verify(head)


def fill_up(app):
    """From now on no entry is taken."""
    shop = app.workshop
    plans = shop.plans
    applying = replace(plans._applying, journal=FullJournal(plans._applying.journal))
    plans._applying = applying


async def to_the_question(make_app, pilot, app):
    await started(app, pilot)
    await looked(pilot)
    fill_up(app)
    await take(pilot, "enable")
    await press(pilot, "y")
    await until(pilot, lambda: "yes  and Enter to go on" in shown(pilot))


@pytest.fixture
def disabled(make_app):
    app = make_app()
    app.stories.turn("root disabled", on=True)
    return app


async def test_where_nothing_records_it_a_typed_yes_goes_on_and_the_report_says_so(
    make_app, disabled
):
    """R16: recover may go on after a typed yes."""
    async with disabled.run_test(size=(80, 24)) as pilot:
        await to_the_question(make_app, pilot, disabled)
        await sees(pilot, "The journal takes no entries")
        await says(pilot, "NOT RECORDED")
        assert record(disabled.snapshot, Key("user", ROOT))["enable"] == "0"
        await type_text(pilot, "ye")
        await press(pilot, "enter")
        await until(
            pilot, lambda: status(pilot).startswith("That is not the word, so nothing was done.")
        )
        await type_text(pilot, "s")
        await press(pilot, "enter")
        await has_run(pilot)
        assert record(disabled.snapshot, Key("user", ROOT))["enable"] == "1"
        view = pilot.app.screen.query_one("#text").text
        assert NOT_RECORDED.split(":")[0] in view


async def test_esc_there_leaves_the_plan_as_it_was(make_app, disabled):
    """R16"""
    async with disabled.run_test(size=(80, 24)) as pilot:
        await to_the_question(make_app, pilot, disabled)
        await press(pilot, "escape")
        await on_top(pilot, PlanScreen)
        await sees(pilot, "Changes")
        assert record(disabled.snapshot, Key("user", ROOT))["enable"] == "0"
        await press(pilot, "y")
        await until(pilot, lambda: "yes  and Enter to go on" in shown(pilot))


async def test_an_ordinary_plan_is_refused_where_nothing_records_it(pilot):
    """R16: plans are refused."""
    fill_up(pilot.app)
    await press(pilot, "2")
    table(pilot).go_to("anna.admin@corp")
    await press(pilot, "x", "1")
    await plan_listens(pilot)
    await press(pilot, "y")
    await until(pilot, lambda: "The journal takes no entries" in shown(pilot))
    assert "yes  and Enter" not in shown(pilot)


# --- bursts (R4) ---------------------------------------------------------------------------------


async def test_no_key_of_recover_that_runs_something_is_one_that_a_touched_key_types():
    """R4: what is run is run by y of a plan, as everywhere; a way is taken by a digit or x."""
    from screens.recover_commands import TakeThisWay, TakeWay
    from tests.screens.test_bursts import MODHEX

    for command in (TakeWay, TakeThisWay):
        assert not set(command.keys.split(",")) & set(MODHEX)


async def test_idle_for_ten_minutes_it_gives_way_to_start_as_every_screen(pilot, monkeypatch):
    await opened(pilot)
    monkeypatch.setattr("pve_auth_tui.app._IDLE", 0)
    pilot.app._watch_idleness()
    await settle(pilot)
    await on_top(pilot, StartScreen)


async def test_the_reason_is_left_alone_by_a_burst(pilot):
    """R4: Enter behind letters that came at once takes nothing."""
    from tests.screens.test_bursts import MODHEX, burst

    pilot.app.stories.turn("root disabled", on=True)
    await press(pilot, "r")
    await looked(pilot)
    await press(pilot, digit_of(pilot.app.screen, "enable"))
    await on_top(pilot, ReasonScreen)
    burst(pilot, f"{MODHEX}\r")
    await pilot.pause(0.2)
    await settle(pilot)
    await on_top(pilot, ReasonScreen)
