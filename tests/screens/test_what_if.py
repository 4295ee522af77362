"""What a plan changes for everybody: opened from the plan, worked out aside, stopped with Esc."""

from __future__ import annotations

from threading import Event

from pve_auth_tui.core.intents.removal import remove
from pve_auth_tui.core.intents.users import switch
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.why.whatif import Stopped
from screens import what_if
from screens.plan import PlanScreen
from screens.what_if import WhatIfScreen
from tests.screens.conftest import (
    keys_shown,
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    status,
    table,
    until,
)
from tests.screens.test_plan import enabled, plan_to_disable, ran
from widgets.detail_pane import DetailPane

ANNA = "anna.admin@corp"


async def review(pilot, intent):
    pilot.app.review(intent)
    await listening(pilot)


def details(pilot):
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


async def test_w_on_a_plan_shows_who_gains_and_loses_and_esc_comes_back_to_it(pilot):
    await review(pilot, remove([Key("group", "ops-corp")]))
    plan = pilot.app.screen.plan
    await sees(pilot, "w who")
    await press(pilot, "w")
    await on_top(pilot, WhatIfScreen)
    await sees(pilot, f"What if: {plan.title}")
    await says(pilot, "of 226 users and API tokens change")
    members = pilot.app.snapshot.access.value.groups["ops-corp"].members
    await until(pilot, lambda: set(keys_shown(pilot)) & set(members))
    await until(pilot, lambda: "Loses" in details(pilot) or "Gains" in details(pilot))
    await press(pilot, "escape")
    await on_top(pilot, PlanScreen)
    await until(pilot, lambda: pilot.app.screen.plan is plan)


async def test_after_looking_the_same_plan_can_still_be_run(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "w")
    await until(pilot, lambda: keys_shown(pilot) == [ANNA])
    await until(pilot, lambda: table(pilot).row.cells[2] == "sleeps")
    await until(pilot, lambda: "its rights can no longer be used" in details(pilot))
    await press(pilot, "y", "m", "1", "2")
    await on_top(pilot, WhatIfScreen)
    assert enabled(pilot)
    await press(pilot, "escape", "y")
    await ran(pilot)
    assert not enabled(pilot)
    await press(pilot, "w")
    await says_just(pilot, "That can be asked before a plan is run.")


async def test_what_changes_nobody_s_rights_says_so(pilot):
    await review(pilot, remove([Key("group", "contractors")]))
    await press(pilot, "w")
    await until(pilot, lambda: "Nobody gains or loses a privilege anywhere." in details(pilot))
    await until(pilot, lambda: status(pilot).startswith("0 of 226 users and API tokens change."))


async def test_esc_stops_it_and_r_works_it_out_after_all(pilot, monkeypatch):
    began, real = Event(), what_if.what_if

    def slow(before, after, *, now, progress, stop):
        progress(39, 100)
        began.set()
        while not stop():
            Event().wait(0.01)
        return real(before, after, now=now, stop=stop)

    monkeypatch.setattr("screens.what_if.what_if", slow)
    monkeypatch.setattr("screens.what_if._TELL", 0.0)
    await review(pilot, switch([ANNA], enable=False))
    await pilot.press("w")
    await until(pilot, began.is_set)
    await until(pilot, lambda: "... 39 %" in details(pilot))
    await press(pilot, "escape")
    await on_top(pilot, WhatIfScreen)
    await says_just(pilot, "Stopped. Esc goes back to the plan.")
    await until(pilot, lambda: "It was stopped, so nothing is known." in details(pilot))
    monkeypatch.setattr("screens.what_if.what_if", real)
    await press(pilot, "r")
    await until(pilot, lambda: keys_shown(pilot) == [ANNA])
    await press(pilot, "r")
    await until(pilot, lambda: status(pilot).startswith("It was worked out"))
    await press(pilot, "escape")
    await on_top(pilot, PlanScreen)


async def test_leaving_the_program_meanwhile_stops_it(pilot, monkeypatch):
    stops = []

    def slow(before, after, *, now, progress, stop):
        stops.append(stop)
        while not stop():
            Event().wait(0.01)
        raise Stopped("Stopped.")

    monkeypatch.setattr("screens.what_if.what_if", slow)
    await review(pilot, switch([ANNA], enable=False))
    await pilot.press("w")
    await until(pilot, lambda: bool(stops))
    pilot.app.open_start()
    await settle(pilot)
    assert stops[0]()


async def test_f_saves_who_is_concerned(pilot, tmp_path):
    await plan_to_disable(pilot)
    await press(pilot, "w", "f")
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.read_text().startswith("User/API Token,Gains,Loses,Where\nanna.admin@corp,")
