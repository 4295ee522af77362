"""Pools from the list to the plan: add within another, members in and out, a move, removal."""

from __future__ import annotations

from textual.pilot import Pilot

from pve_auth_tui.core.objects import Key, record
from screens.pool_form import PoolForm
from screens.pools import PoolsScreen
from tests.core.pictures import picture
from tests.screens.conftest import (
    listening,
    on_top,
    press,
    says,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.test_role_form import remarks, run, take


async def opened(pilot: Pilot[None], pool: str = "lab") -> None:
    await press(pilot, "6")
    await on_top(pilot, PoolsScreen)
    await until(pilot, lambda: table(pilot).go_to(pool))
    await settle(pilot)


def of(pilot: Pilot[None], pool: str) -> dict[str, str] | None:
    found = record(pilot.app.snapshot, Key("pool", pool))
    return dict(found) if found else None


async def test_a_pool_within_another_takes_a_guest_from_it_once_that_is_allowed(pilot):
    await opened(pilot)
    await press(pilot, "a")
    await type_text(pilot, "gone/x")
    await press(pilot, "down")
    await sees(pilot, "There is no pool gone to put it into.")
    assert "Move guests" not in shown(pilot)
    await press(pilot, "up", *["backspace"] * 6)
    await type_text(pilot, "lab/x")
    await press(pilot, "down", "down")
    await take(pilot, "104")
    await remarks(pilot, "A guest is in one pool at most")
    await press(pilot, "ctrl+o")
    await says(pilot, "cannot be in lab/x, too.")
    await on_top(pilot, PoolForm)
    await press(pilot, "down", "down", "space")
    await remarks(pilot, "lab/x: new pool with guest 104")
    await run(pilot)
    assert of(pilot, "lab/x") == {"comment": "", "vms": "104", "storage": ""}
    assert of(pilot, "lab") == {"comment": "Lab", "vms": "", "storage": ""}


async def test_members_come_in_and_the_form_says_who_gets_rights_on_them(pilot):
    await opened(pilot)
    await press(pilot, "e", "down")
    await take(pilot, "100", "104")
    await remarks(pilot, "lab: gains guest 100; loses guest 104")
    await remarks(pilot, "gain 23 privileges on /vms/100")
    await run(pilot)
    assert of(pilot, "lab") == {"comment": "Lab", "vms": "100", "storage": ""}


async def test_a_pool_with_members_is_emptied_and_removed_and_an_outer_one_is_not(pilot):
    await opened(pilot, "lab/backup")
    await press(pilot, "d")
    await until(pilot, lambda: "Pool lab/backup holds the pool lab/backup/offsite" in status(pilot))
    await until(pilot, lambda: table(pilot).go_to("lab/backup/offsite"))
    await press(pilot, "d")
    await listening(pilot)
    await sees(pilot, "empty and remove pool lab/backup/offsite")
    await press(pilot, "y")
    await until(pilot, lambda: of(pilot, "lab/backup/offsite") is None)


async def test_pools_are_edited_one_by_one(pilot):
    await opened(pilot)
    await press(pilot, "space", "space", "e")
    await on_top(pilot, PoolsScreen)
    await until(pilot, lambda: status(pilot).startswith("Pools are edited one by one"))


def test_members_whom_somebody_else_moves_while_the_form_is_open_stay_where_they_are():
    form = PoolForm("lab")
    form._began = {"comment": "", "vms": ("100", "101"), "storage": ("nas",)}
    intent = form.intent({"comment": "", "vms": ("101", "102"), "storage": ("nas",), "move": False})
    steps = intent(picture("pool:lab::100,103:nas,new:")).steps
    assert [step.params for step in steps] == [
        {"poolid": "lab", "vms": "100", "delete": 1},
        {"poolid": "lab", "vms": "102"},
    ]
