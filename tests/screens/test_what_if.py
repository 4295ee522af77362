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
from tests.screens.conftest import keys_shown, press, settle, shown, status, table, until
from tests.screens.test_plan import enabled, listening, plan_to_disable, ran
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
    assert "w who" in shown(pilot)
    await press(pilot, "w")
    assert isinstance(pilot.app.screen, WhatIfScreen)
    assert f"What if: {plan.title}" in shown(pilot)
    assert "of 226 users and API tokens change" in status(pilot)
    members = pilot.app.snapshot.access.value.groups["ops-corp"].members
    assert set(keys_shown(pilot)) & set(members)
    assert "Loses" in details(pilot) or "Gains" in details(pilot)
    await press(pilot, "escape")
    assert isinstance(pilot.app.screen, PlanScreen)
    assert pilot.app.screen.plan is plan


async def test_after_looking_the_same_plan_can_still_be_run(pilot):
    await plan_to_disable(pilot)
    await press(pilot, "w")
    assert keys_shown(pilot) == [ANNA]
    assert table(pilot).row.cells[2] == "sleeps"
    assert "its rights can no longer be used" in details(pilot)
    await press(pilot, "y", "m", "1", "2")
    assert isinstance(pilot.app.screen, WhatIfScreen)
    assert enabled(pilot)
    await press(pilot, "escape", "y")
    await ran(pilot)
    assert not enabled(pilot)
    await press(pilot, "w")
    assert status(pilot) == "That can be asked before a plan is run."


async def test_what_changes_nobody_s_rights_says_so(pilot):
    await review(pilot, remove([Key("group", "contractors")]))
    await press(pilot, "w")
    assert "Nobody gains or loses a privilege anywhere." in details(pilot)
    assert status(pilot).startswith("0 of 226 users and API tokens change.")


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
    assert isinstance(pilot.app.screen, WhatIfScreen)
    assert status(pilot) == "Stopped. Esc goes back to the plan."
    assert "It was stopped, so nothing is known." in details(pilot)
    monkeypatch.setattr("screens.what_if.what_if", real)
    await press(pilot, "r")
    assert keys_shown(pilot) == [ANNA]
    await press(pilot, "r")
    assert status(pilot).startswith("It was worked out")
    await press(pilot, "escape")
    assert isinstance(pilot.app.screen, PlanScreen)


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
