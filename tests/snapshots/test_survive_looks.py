"""How the survivability matrix looks, on each size and without colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.terminal.profile import Profile
from screens.survive import SurviveScreen
from tests.screens.conftest import UNICODE, MakeApp, make_app, rack, settle

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)


async def opened(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    pilot.app.push_screen(SurviveScreen())
    await settle(pilot)
    for key in ("right", "right", "right", "right", "down"):
        await pilot.press(key)
        await pilot.pause(0.07)
    await settle(pilot)


@pytest.mark.parametrize(
    ("size", "profile"),
    [((80, 24), UNICODE), ((132, 43), UNICODE), ((40, 12), UNICODE), ((80, 24), ASCII)],
    ids=["80x24", "132x43", "40x12", "ascii"],
)
def test_the_matrix(
    looks_the_same: Callable[..., None],
    make_app: MakeApp,
    size: tuple[int, int],
    profile: Profile,
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=opened)


def test_all_of_one_way_in(looks_the_same: Callable[..., None], make_app: MakeApp) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press("enter")
        await pilot.pause(0.1)
        await settle(pilot)

    looks_the_same(make_app(), run_before=run)
