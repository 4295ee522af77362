"""Roles from the list to the plan: add, edit, several at once, compare, find, remove."""

from __future__ import annotations

from textual.pilot import Pilot

from pve_auth_tui.core.objects import Key, record
from screens.plan import PlanScreen
from screens.role_diff import RoleDiffScreen
from screens.role_form import RoleForm, RolesForm
from screens.roles import RolesScreen
from tests.core.pictures import picture
from tests.screens.conftest import (
    keys_shown,
    listening,
    on_top,
    press,
    says_just,
    sees,
    settle,
    shown,
    table,
    type_text,
    until,
)
from tests.screens.test_plan import ran
from widgets.detail_pane import DetailPane

LOCKED = "Role PVEVMUser is built in: PVE neither changes nor removes it."


async def opened(pilot: Pilot[None], *roles: str) -> None:
    """The list, with the cursor on the only one, or with all of them marked."""
    await press(pilot, "7")
    await on_top(pilot, RolesScreen)
    for role in roles:
        assert table(pilot).go_to(role)
        await settle(pilot)
        if len(roles) > 1:
            await press(pilot, "space")


async def take(pilot: Pilot[None], *privileges: str) -> None:
    """In the list of the field that has the keys, turn these."""
    await press(pilot, "space")
    for name in privileges:
        await type_text(pilot, name)
        await press(pilot, "space", *["backspace"] * len(name))
    await press(pilot, "enter")


def privileges(pilot: Pilot[None], role: str) -> str | None:
    found = record(pilot.app.snapshot, Key("role", role))
    return found["privs"] if found else None


async def remarks(pilot: Pilot[None], words: str) -> str:
    pane = pilot.app.screen.query_one("#remarks", DetailPane)
    await until(pilot, lambda: words in " ".join(pane.text.split()))
    return pane.text


async def run(pilot: Pilot[None]) -> None:
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await press(pilot, "y")
    await ran(pilot)


async def test_a_role_is_added_like_another_one_and_the_form_says_what_is_wrong(pilot):
    await opened(pilot)
    await press(pilot, "a", "ctrl+o")
    await sees(pilot, "A role has a name.")
    await type_text(pilot, "PVEx")
    await until(pilot, lambda: "kept for built-in roles" in shown(pilot))
    await press(pilot, *["backspace"] * 4)
    await type_text(pilot, "Night")
    await press(pilot, "down")
    await type_text(pilot, "PVEVMUse")
    await press(pilot, "down")
    await until(pilot, lambda: "There is no role PVEVMUse." in shown(pilot))
    await press(pilot, "up")
    await type_text(pilot, "r")
    await sees(pilot, "[ 10: VM.Audit, VM.Backup")
    await remarks(pilot, "the same as PVEVMUser")
    await press(pilot, "down")
    await take(pilot, "VM.Backup", "VM.Migrate")
    await remarks(pilot, "Night: new role with 10 privileges")
    await run(pilot)
    await press(pilot, "escape")
    await on_top(pilot, RolesScreen)
    held = privileges(pilot, "Night")
    assert held is not None
    assert "VM.Migrate" in held
    assert "VM.Backup" not in held
    await press(pilot, "a")
    await until(pilot, lambda: pilot.app.screen.form.values["roleid"] == "")


async def test_an_edited_role_says_what_everybody_gains_and_keeps_what_was_chosen(pilot):
    await opened(pilot, "StoreKeeper")
    await press(pilot, "e", "down")
    await take(pilot, "Datastore.Allocate")
    assert "new" not in await remarks(pilot, "StoreKeeper: gains Datastore.Allocate")
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await press(pilot, "escape")
    await on_top(pilot, RoleForm)
    await press(pilot, "escape", "e")
    taken = pilot.app.screen.form.field("Datastore").value
    assert "Datastore.Allocate" in taken
    await run(pilot)
    assert "Datastore.Allocate," in (privileges(pilot, "StoreKeeper") or "")


async def test_built_in_roles_open_no_form_and_are_not_removed(pilot):
    await opened(pilot, "PVEVMUser")
    for key in ("e", "d"):
        await press(pilot, key)
        await on_top(pilot, RolesScreen)
        await says_just(pilot, LOCKED)
    await opened(pilot, "PowerOnly", "PVEVMUser")
    await press(pilot, "e")
    await says_just(pilot, LOCKED)


async def test_several_roles_get_a_privilege_in_one_plan(pilot):
    await opened(pilot, "PowerOnly", "StoreKeeper")
    await press(pilot, "e")
    await on_top(pilot, RolesForm)
    await take(pilot, "Pool.Audit")
    await run(pilot)
    await sees(pilot, "Done: edit 2 roles")
    await press(pilot, "escape")
    await until(pilot, lambda: table(pilot).marks == frozenset())
    for role in ("PowerOnly", "StoreKeeper"):
        assert "Pool.Audit" in (privileges(pilot, role) or "")


async def test_a_role_is_removed_with_its_acl_entries(pilot):
    await opened(pilot, "Monitor8")
    await until(pilot, lambda: "VM.Monitor: this PVE does not know it" in shown(pilot))
    await press(pilot, "d")
    await listening(pilot)
    await on_top(pilot, PlanScreen)
    await sees(pilot, "role removed with the 1 ACL line that names it")
    await press(pilot, "y")
    await ran(pilot)
    assert privileges(pilot, "Monitor8") is None


async def test_two_roles_side_by_side_with_everything_or_only_what_differs(pilot):
    await opened(pilot, "PowerOnly", "PVEVMUser")
    await press(pilot, "b")
    await on_top(pilot, RoleDiffScreen)
    await sees(pilot, "PVEVMUser and PowerOnly: 8 only in PVEVMUser, 2 in both")
    await until(pilot, lambda: keys_shown(pilot)[-2:] == ["VM.Console", "VM.PowerMgmt"])
    await press(pilot, "v")
    await until(pilot, lambda: "VM.PowerMgmt" not in keys_shown(pilot))
    await press(pilot, "escape", "escape")
    await until(pilot, lambda: table(pilot).go_to("NoAccess"))
    await press(pilot, "b")
    await type_text(pilot, "PowerOnly")
    await press(pilot, "enter")
    await sees(pilot, "NoAccess and PowerOnly: 2 only in PowerOnly")


async def test_three_marked_roles_are_not_compared(pilot):
    await opened(pilot, "PowerOnly", "PVEVMUser", "NoAccess")
    await press(pilot, "b")
    await says_just(pilot, "Two roles can be compared: mark two, or none.")


async def test_the_roles_that_hold_a_privilege_and_not_a_longer_one(pilot):
    await opened(pilot)
    await press(pilot, "h")
    await type_text(pilot, "VM.Snapshot")
    await press(pilot, "enter")
    await until(pilot, lambda: keys_shown(pilot) == ["Administrator", "PVEAdmin", "PVEVMAdmin"])
    await sees(pilot, "holding VM.Snapshot")
    await press(pilot, "escape")
    await until(pilot, lambda: len(keys_shown(pilot)) > 15)


def test_what_somebody_else_changes_in_a_role_while_the_form_is_open_stays():
    form = RoleForm("Own")
    form._began = {"VM": ("VM.Audit", "VM.Console")}
    intent = form.intent({"VM": ("VM.Audit", "VM.Clone")})
    (step,) = intent(picture("role:Own:VM.Audit,VM.Backup,VM.Console:")).steps
    assert step.params == {"privs": "VM.Audit,VM.Backup,VM.Clone"}
