"""What takes itself back unless it is kept, as far as the application hears of it by itself."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.errors import AuthTuiError, Unreadable, Unwritable
from screens.plan import PlanScreen
from tests.screens.conftest import on_top, says_just, settle, until
from tests.screens.test_plan import plan_to_disable


@pytest.mark.parametrize(
    "error", [Unreadable("x.json is no record of a change."), Unwritable("The disk is full.")]
)
async def test_what_cannot_be_looked_at_is_said_and_ends_nothing(
    pilot, monkeypatch, error: AuthTuiError
):
    def armed():
        raise error

    monkeypatch.setattr(pilot.app.workshop.plans, "armed", armed)
    pilot.app.look_for_armed()
    await settle(pilot)
    await says_just(pilot, str(error))
    assert pilot.app.is_running


async def test_a_plan_that_runs_is_not_left_because_nobody_types(pilot, monkeypatch):
    await plan_to_disable(pilot)
    idle = pilot.app.workshop.plans._idle
    monkeypatch.setattr(pilot.app, "_last_key", float("-inf"))
    idle.clear()  # as while a plan runs
    pilot.app._watch_idleness()
    await settle(pilot)
    await on_top(pilot, PlanScreen)
    idle.set()
    pilot.app._watch_idleness()
    await until(pilot, lambda: not isinstance(pilot.app.screen, PlanScreen))
