"""A change, from the key to the report: shown first, run by y alone, taken back by u."""

from __future__ import annotations

from threading import Event

import pytest

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.intents.users import switch
from pve_auth_tui.core.objects import Key, record
from screens.listing import ListScreen
from screens.plan import PlanScreen
from tests.screens.conftest import (
    EARLY,
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

ANNA = "anna.admin@corp"


async def plan_to_disable(pilot, userid=ANNA):
    await press(pilot, "2")
    table(pilot).go_to(userid)
    await press(pilot, "x", "1")
    await listening(pilot)


def enabled(pilot, userid=ANNA):
    return record(pilot.app.snapshot, Key("user", userid))["enable"] == "1"


async def ran(pilot):
    await until(pilot, lambda: pilot.app.screen._report is not None)
    await settle(pilot)


async def test_a_plan_says_what_it_changes_what_it_runs_and_how_it_is_taken_back(pilot):
    await plan_to_disable(pilot)
    await sees(
        pilot,
        "Plan: disable anna.admin@corp",
        "pveum user modify anna.admin@corp --enable 0",
        "pveum user modify anna.admin@corp --enable 1",
        "Still able to log in as administrator: root@pam",
        "ok    ",
    )


async def test_y_runs_it_and_the_node_is_asked_again(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await until(
        pilot, lambda: "as it is foretold" in shown(pilot) or "it is as foretold" in shown(pilot)
    )
    assert not enabled(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: table(pilot).key == ANNA)


@pytest.mark.parametrize("key", ["enter", "space", "c", "v", "b", "n", "r", "t", "1", "q"])
async def test_nothing_but_y_and_m_runs_it(pilot, key):
    await plan_to_disable(pilot)
    await press(pilot, key)
    await settle(pilot)
    assert enabled(pilot)


async def test_a_key_that_comes_with_the_plan_was_meant_for_something_else(pilot, monkeypatch):
    monkeypatch.setattr("screens.plan._LISTENS", 60.0)
    await press(pilot, "2")
    table(pilot).go_to(ANNA)
    await press(pilot, "x", "1")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await press(pilot, "y", "m")
    await says_just(pilot, EARLY)
    assert enabled(pilot)


async def test_a_security_key_that_is_touched_runs_no_plan(pilot):
    await plan_to_disable(pilot)
    for key in "cccccceiblbkvutlkvdinvllbbduergkuhngfjcyenicy":
        await pilot.press(key)
    await pilot.press("enter")
    await settle(pilot)
    assert enabled(pilot)


async def test_u_shows_the_plan_that_takes_it_back(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "u")
    await listening(pilot)
    await sees(pilot, "take back: disable anna.admin@corp")
    await press(pilot, "y")
    await ran(pilot)
    assert enabled(pilot)


async def test_u_after_an_undo_takes_that_undo_back(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "u")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await says(pilot, "u takes it back")
    await press(pilot, "u")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    assert not enabled(pilot)


async def test_what_was_read_before_a_change_does_not_hide_it(pilot, monkeypatch):
    service, seen, go_on = pilot.app._service, Event(), Event()
    load = service.load

    def slow_load():
        outlook = load()
        seen.set()
        assert go_on.wait(10)
        return outlook

    await plan_to_disable(pilot)
    monkeypatch.setattr(service, "load", slow_load)
    pilot.app.reload()
    await until(pilot, seen.is_set)
    await pilot.press("y")
    await until(pilot, lambda: pilot.app.screen._report is not None)
    go_on.set()
    await settle(pilot)
    assert not enabled(pilot)


async def test_who_goes_on_before_the_plan_is_there_gets_none_on_another_screen(pilot, monkeypatch):
    plans, asked, go_on = pilot.app.workshop.plans, Event(), Event()
    review = plans.review

    def slow_review(intent, outlook):
        asked.set()
        assert go_on.wait(10)
        return review(intent, outlook)

    monkeypatch.setattr(plans, "review", slow_review)
    await press(pilot, "2")
    table(pilot).go_to("root@pam")
    await pilot.press("o")
    await pilot.pause(0.07)
    await pilot.press("3")  # recovery keys
    await until(pilot, asked.is_set)
    await pilot.press("escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, ListScreen))
    users = pilot.app.screen
    go_on.set()
    await settle(pilot)
    await until(pilot, lambda: pilot.app.screen is users)


async def test_u_on_a_list_takes_the_last_change_back_too(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape", "u")
    await listening(pilot)
    await sees(pilot, "take back: disable anna.admin@corp")


async def test_without_a_change_u_says_so(pilot):
    await press(pilot, "2", "u")
    await settle(pilot)
    assert not isinstance(pilot.app.screen, PlanScreen)
    await says(pilot, "take")


async def test_m_takes_it_back_unless_k_keeps_it_and_line_1_says_so(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "m")
    await ran(pilot)
    await until(pilot, lambda: bool(pilot.app.armed))
    await sees(pilot, "UNDO in")
    await press(pilot, "escape", "8")
    await sees(pilot, "K keeps")
    await press(pilot, "K")
    await until(pilot, lambda: not pilot.app.armed)
    await until(pilot, lambda: "UNDO in" not in shown(pilot))
    await says_just(pilot, "Kept: disable anna.admin@corp.")
    assert not enabled(pilot)


async def test_leaving_while_something_takes_itself_back_asks_first(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "m")
    await ran(pilot)
    await until(pilot, lambda: bool(pilot.app.armed))
    await press(pilot, "escape", "q")
    await says(pilot, "q again leaves all the same")
    assert pilot.app.is_running


async def test_what_nobody_keeps_is_taken_back(pilot, monkeypatch):
    monkeypatch.setattr("screens.plan._TRY", 0.01)
    monkeypatch.setattr("pve_auth_tui.changing._TICK", 0.2)
    await plan_to_disable(pilot)
    await press(pilot, "m")
    await ran(pilot)
    await until(pilot, lambda: not pilot.app.armed and enabled(pilot))


async def test_marked_rows_are_one_plan_and_the_marks_go_when_it_was_run(pilot):
    await press(pilot, "2")
    table(pilot).set_marks(frozenset({ANNA, "backup-admin@pve", "bob.admin@corp"}))
    await press(pilot, "x", "1")
    await listening(pilot)
    await sees(pilot, "pveum user modify backup-admin@pve --enable 0", "disabled already")
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: not table(pilot).marks)
    assert "marked" not in status(pilot)
    assert not enabled(pilot, "backup-admin@pve")


async def test_a_plan_that_does_not_fit_says_so(pilot):
    await press(pilot, "2")
    everybody = sorted(pilot.app.snapshot.access.value.users)
    table(pilot).set_marks(frozenset(everybody[:8]))
    await press(pilot, "d")
    await listening(pilot)
    assert "Take back" not in shown(pilot)
    await until(pilot, lambda: status(pilot).startswith("PgDn shows more."))
    await press(pilot, "escape", "escape")
    await plan_to_disable(pilot, everybody[9])
    assert not status(pilot).startswith("PgDn")


async def test_what_cannot_be_taken_back_offers_no_taking_back(pilot):
    await press(pilot, "4")
    table(pilot).go_to_next(lambda row: "Recovery" in " ".join(row.cells))
    await press(pilot, "d")
    await listening(pilot)
    await sees(pilot, "CANNOT be taken back")
    assert "unless kept" not in shown(pilot)
    await press(pilot, "m")
    await says_just(pilot, "This cannot be taken back, so it cannot take itself back.")


async def test_who_is_asked_for_a_word_is_told_what_the_keys_do(pilot):
    await press(pilot, "3", "d")
    await listening(pilot)
    await press(pilot, "y")
    await until(
        pilot, lambda: status(pilot).startswith("Nothing is done before the word is typed.")
    )
    await until(pilot, lambda: shown(pilot).rstrip().endswith("enter run  esc back to the plan"))
    await press(pilot, "escape")
    await says(pilot, "HEAVY")
    await sees(pilot, "y run")


async def test_a_plan_that_locks_everybody_out_needs_a_typed_word(pilot):
    intent_of_all = frozenset(
        name for name in pilot.app.snapshot.access.value.users if name != "helpdesk@pve"
    )
    await press(pilot, "2")
    table(pilot).set_marks(intent_of_all)
    await press(pilot, "x", "1")
    await listening(pilot)
    await sees(pilot, "HEAVY", "BAD")
    await press(pilot, "y")
    await says(pilot, "page through it to the end")
    await press(pilot, "pagedown", "end", "y")
    await type_text(pilot, "yes")
    await press(pilot, "enter")
    await says(pilot, "not the word")
    assert enabled(pilot)
    await press(pilot, "escape", "escape")
    await until(pilot, lambda: enabled(pilot))


async def test_whoever_types_the_word_overrides_the_guard_and_the_journal_says_so(pilot):
    known = ("root@pam", "anna@pam", "backup-admin@pve", "erik@pve", "nina@pve")
    await press(pilot, "2")
    table(pilot).set_marks(frozenset(known))
    await press(pilot, "x", "1")
    await listening(pilot)
    plan = pilot.app.screen.plan
    assert plan.refusal
    await press(pilot, "end", "y")
    await type_text(pilot, plan.confirm)
    await press(pilot, "enter")
    await ran(pilot)
    assert not any(enabled(pilot, userid) for userid in known)
    begun = [one.entry for one in pilot.app.workshop.journal.read() if one.entry.event == "begin"]
    assert "overr" in begun[-1].reason


async def test_what_somebody_changed_meanwhile_makes_the_plan_anew(pilot):
    await press(pilot, "2")
    table(pilot).set_marks(frozenset({ANNA, "backup-admin@pve"}))
    await press(pilot, "x", "1")
    await listening(pilot)
    pilot.app._service._nodes.api.call("PUT", ("access", "users", ANNA), {"enable": 0})
    await press(pilot, "y")
    await until(pilot, lambda: not pilot.app.screen._runs)
    await settle(pilot)
    await says_just(pilot, "Somebody changed something meanwhile: this is the plan made anew.")
    await sees(pilot, "disabled already")
    assert enabled(pilot, "backup-admin@pve")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    assert not enabled(pilot, "backup-admin@pve")


async def test_what_makes_no_sense_any_more_is_said_and_nothing_is_done(pilot):
    await plan_to_disable(pilot)
    pilot.app._service._nodes.api.call("DELETE", ("access", "users", ANNA))
    await press(pilot, "y")
    await until(pilot, lambda: not pilot.app.screen._runs)
    await settle(pilot)
    await sees(pilot, "BAD")
    await says_just(pilot, "Nothing was done. Esc goes back.")


async def test_without_quorum_nothing_can_be_planned(pilot):
    pilot.app.stories.turn("no quorum", on=True)
    await press(pilot, "r", "escape", "2", "d")
    await says(pilot, "Nothing can be changed now: no quorum.")


async def test_several_changes_are_collected_into_one_plan(pilot):
    await press(pilot, "2")
    pilot.app.obey("collect", pilot.app.screen)
    for userid in (ANNA, "backup-admin@pve"):
        table(pilot).go_to(userid)
        await press(pilot, "x", "1")
        await settle(pilot)
    await sees(pilot, "2 COLLECTED")
    pilot.app.obey("review", pilot.app.screen)
    await listening(pilot)
    await sees(
        pilot,
        "pveum user modify anna.admin@corp --enable 0",
        "pveum user modify backup-admin@pve --enable 0",
    )
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: not pilot.app.collected)
    assert "COLLECTED" not in shown(pilot)
    await says_just(pilot, "Nothing is collected any more.")


async def test_what_was_collected_stays_when_nothing_of_it_was_done(pilot):
    await press(pilot, "2")
    pilot.app.obey("collect", pilot.app.screen)
    await press(pilot, "x", "1")
    pilot.app.obey("review", pilot.app.screen)
    await listening(pilot)
    pilot.app.stories.turn("lock held", on=True)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")
    assert len(pilot.app.collected) == 1
    await sees(pilot, "1 COLLECTED")


async def test_esc_before_the_first_step_changes_nothing_and_says_so(pilot, monkeypatch):
    await plan_to_disable(pilot)
    world, looked, go_on = pilot.app.workshop.plans._world, Event(), Event()
    fresh = world.fresh

    def slowly():
        looked.set()
        assert go_on.wait(10)
        return fresh()

    monkeypatch.setattr(world, "fresh", slowly)
    await pilot.press("y")
    await until(pilot, looked.is_set)
    await sees(pilot, "Reading the node anew")
    await pilot.press("escape")
    go_on.set()
    await ran(pilot)
    await until(
        pilot, lambda: shown(pilot).split("\n")[1].startswith(f" ─ Stopped: disable {ANNA}")
    )
    await says_just(pilot, "You stopped it. Nothing was changed. Esc leaves.")
    assert "take back" not in shown(pilot)
    assert enabled(pilot)


async def test_what_pve_refuses_says_that_nothing_was_changed(pilot, monkeypatch):
    await plan_to_disable(pilot)
    runner = pilot.app.workshop.plans._applying.runner

    def refuses(self, step, on_line):
        raise Refused("PVE does not want to.")

    monkeypatch.setattr(type(runner), "run", refuses)
    await press(pilot, "y")
    await ran(pilot)
    await says_just(pilot, "It failed: see above. Nothing was changed. Esc leaves.")
    assert "take back" not in shown(pilot)


async def test_a_plan_left_alone_is_closed(pilot, monkeypatch):
    await plan_to_disable(pilot)
    monkeypatch.setattr("screens.plan._LEFT_ALONE", 0.1)
    await pilot.press("down")  # the last sign of somebody
    await until(pilot, lambda: not isinstance(pilot.app.screen, PlanScreen))
    await says(pilot, "left alone")
    assert enabled(pilot)


async def test_f_saves_the_plan_and_c_shows_every_command(pilot, tmp_path):
    await plan_to_disable(pilot)
    await press(pilot, "f")
    await until(pilot, lambda: status(pilot).startswith("Saved as"))
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.stat().st_mode & 0o077 == 0
    assert "pveum user modify anna.admin@corp --enable 0" in saved.read_text()
    await press(pilot, "c")
    await sees(pilot, "pveum user modify anna.admin@corp --enable 0")
    await press(pilot, "escape")
    await on_top(pilot, PlanScreen)


@pytest.mark.parametrize(
    ("digit", "key", "said"),
    [
        ("2", "old-admin@pve", "pveum user delete old-admin@pve"),
        ("3", "mon@pve!grafana", "pveum user token"),
        ("5", "", "pveum group delete"),
        ("4", "", "pveum user tfa delete"),
        ("1", "", "pveum acl delete"),
    ],
)
async def test_d_shows_the_plan_that_removes_the_row(pilot, digit, key, said):
    await press(pilot, digit)
    if key:
        table(pilot).go_to(key)
    await press(pilot, "d")
    await listening(pilot)
    lines = " ".join(step_line for step_line in shown(pilot).split())
    assert said in lines or any(said in text for text in pilot.app.screen.commands())


async def test_the_journal_tells_of_it(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")
    pilot.app.obey("journal", pilot.app.screen)
    await until(pilot, lambda: "disable anna.admin@corp" in shown(pilot))


async def crash_in_the_first_step(app, go_on):
    begun = Event()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        plans = app.workshop.plans
        run = plans._applying.runner.run

        def slow(step, on_line):
            begun.set()
            assert go_on.wait(10)
            return run(step, on_line)

        plans._applying.runner.run = slow
        both = switch([ANNA, "carl@corp"], enable=False)
        app.run_plan(plans.review(both, app.outlook))
        await until(pilot, begun.is_set)
        app._handle_exception(ZeroDivisionError())


async def test_however_the_application_ends_no_other_step_starts(make_app, still_cursor):
    app, go_on = make_app(), Event()
    with pytest.raises(ZeroDivisionError):
        await crash_in_the_first_step(app, go_on)
    go_on.set()
    assert app.workshop.plans.wait(10)
    (applied,) = app.workshop.plans.history()
    assert [change.key.name for change in applied.changes] == [ANNA]


async def test_the_secret_of_a_token_that_comes_back_is_told_once(pilot):
    await press(pilot, "3")
    table(pilot).go_to("mon@pve!grafana")
    await press(pilot, "d")
    await listening(pilot)
    await press(pilot, *(["y"] if pilot.app.screen.plan.weight.value != "HEAVY" else []))
    if pilot.app.screen.plan.weight.value == "HEAVY":
        await press(pilot, "pagedown", "y")
        await type_text(pilot, pilot.app.screen.plan.confirm)
        await press(pilot, "enter")
    await ran(pilot)
    await press(pilot, "u")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await says(pilot, "Esc goes on to it")
    ((name, secret),) = pilot.app.screen._report.told_once
    assert secret.reveal() not in shown(pilot)
    await press(pilot, "escape")
    await sees(pilot, f"New secret of {name}")
    assert secret.reveal() not in shown(pilot)
    await press(pilot, "escape")
    await says(pilot, "Nobody can see it again")
    await press(pilot, "ctrl+r")
    await sees(pilot, secret.reveal())
    await press(pilot, "ctrl+r")
    await until(pilot, lambda: secret.reveal() not in shown(pilot))
    await press(pilot, "escape")
    await until(pilot, lambda: pilot.app.screen.open_title == "API Tokens")


async def test_ten_idle_minutes_do_not_close_what_leads_to_a_secret_told_once(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "y")
    await ran(pilot)
    pilot.app._last_key -= 700
    pilot.app._watch_idleness()
    await on_top(pilot, PlanScreen)
    await press(pilot, "escape")
    pilot.app._last_key -= 700
    pilot.app._watch_idleness()
    await until(pilot, lambda: pilot.app.screen is pilot.app.screen_stack[1])


async def test_a_key_of_other_screens_says_that_it_does_nothing_here(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "2")
    await until(pilot, lambda: status(pilot).startswith("That key does nothing here"))


async def test_when_the_terminal_goes_the_running_step_keeps_its_way_to_pve(pilot, monkeypatch):
    api, goes_on, closed = pilot.app._service._nodes.api, Event(), Event()
    call = type(api).call

    def slow(self, method, *args, **kwargs):
        if method == "PUT":
            assert goes_on.wait(30)
        return call(self, method, *args, **kwargs)

    monkeypatch.setattr(type(api), "call", slow)
    monkeypatch.setattr(pilot.app._service, "close", closed.set)
    await press(pilot, "2")
    table(pilot).set_marks(frozenset({ANNA, "backup-admin@pve"}))
    await press(pilot, "x", "1")
    await listening(pilot)
    await pilot.press("y")
    await until(pilot, lambda: pilot.app.is_changing)
    plans, journal = pilot.app.workshop.plans, pilot.app.workshop.journal
    await until(pilot, lambda: any(one.entry.event == "intent" for one in journal.read()))
    pilot.app._go()
    assert not closed.wait(0.2)
    goes_on.set()
    assert plans.wait(30)
    told = [one.entry for one in journal.read()]
    assert [one.outcome for one in told if one.event == "result"] == ["ok"]
    assert told[-1].outcome.startswith("stopped: 1 of 2 done")
