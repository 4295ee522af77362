"""Second factors of the demo's users with nothing put in between: screens, plan, node, door."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot

from pve_auth_tui.simnode.made_up import PASSWORD
from screens.enrol_recovery import EnrolRecoveryScreen
from screens.plan import PlanScreen
from screens.prove import ProveScreen
from screens.scan_totp import ScanTotpScreen
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
from tests.screens.test_plan import ran

USER = "helpdesk@pve"  # has no second factor


async def add_for(pilot: Pilot[None], userid: str, digit: str) -> None:
    """Two Factor, add, the person, the kind."""
    await press(pilot, "4", "a")
    await type_text(pilot, userid)
    await press(pilot, "enter", digit)


async def run_the_plan(pilot: Pilot[None]) -> None:
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)
    await says(pilot, "Done")
    await press(pilot, "escape")


async def login(pilot: Pilot[None], answer: str) -> None:
    """The worker waits for the second factor here: nothing that waits for workers."""
    await pilot.press("ctrl+o")
    await until(pilot, lambda: "Code or key" in shown(pilot))
    for key in (*(("minus" if sign == "-" else sign) for sign in answer), "ctrl+o"):
        await pilot.press(key)
        await pilot.pause(0.07)
    await until(pilot, lambda: "in" in status(pilot) and "Logging" not in status(pilot))
    await settle(pilot)


@pytest.mark.usefixtures("still_cursor")
async def test_totp_from_the_list_to_the_proved_login(pilot: Pilot[None]) -> None:
    app = pilot.app
    await add_for(pilot, USER, "1")
    await type_text(pilot, "phone")
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(app.screen, ScanTotpScreen))
    await press(pilot, "ctrl+r")
    found = re.search(r"the app shows (\d{6})", shown(pilot))
    assert found
    await type_text(pilot, found[1])
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await on_top(pilot, PlanScreen)
    await sees(pilot, f"add TOTP phone for {USER}", "***")
    assert not re.search(r"secret=[A-Z2-7]{8}", shown(pilot))
    await run_the_plan(pilot)
    await on_top(pilot, ProveScreen)
    await type_text(pilot, PASSWORD)
    await login(pilot, found[1])
    await sees(pilot, f"took the password of {USER} and a code of the authenticator app")
    await press(pilot, "escape")
    await until(
        pilot,
        lambda: [row.cells for row in table(pilot).rows_shown if row.key.startswith(f"{USER} ")],
    )


async def test_recovery_keys_from_the_list_to_a_login_with_one(pilot: Pilot[None]) -> None:
    await add_for(pilot, USER, "3")
    await run_the_plan(pilot)
    await on_top(pilot, EnrolRecoveryScreen)
    await press(pilot, "ctrl+r")
    keys = dict(re.findall(r"\b(\d)  ([0-9a-f]{4}(?:-[0-9a-f]{4}){3})", shown(pilot)))
    assert sorted(keys) == [str(number) for number in range(10)]
    await type_text(pilot, keys["4"])
    await press(pilot, "ctrl+o")
    await says(pilot, "Right: that is key 4.")
    await press(pilot, "escape")
    table(pilot).go_to(f"{USER} recovery")
    await press(pilot, "t")
    await on_top(pilot, ProveScreen)
    await type_text(pilot, PASSWORD)
    await login(pilot, keys["4"])
    await sees(pilot, "9 are left: cross it out")


async def test_a_plan_that_is_left_leaves_no_factor(pilot: Pilot[None]) -> None:
    await add_for(pilot, USER, "3")
    await listening(pilot)
    await press(pilot, "escape")
    await says_just(pilot, "No recovery keys were made.")
    (row,) = [row for row in table(pilot).rows_shown if USER in row.key]
    assert row.cells[2] == "none"
