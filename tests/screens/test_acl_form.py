"""Permissions are added and changed by forms that say what comes of it, and shown by the lists."""

from __future__ import annotations

from textual.pilot import Pilot

from pve_auth_tui.core import aclnotes
from screens.acl_edit_form import AclEditForm
from screens.acl_form import AclForm
from screens.pick import PickScreen
from screens.pick_many import PickManyScreen
from screens.plan import PlanScreen
from tests.screens.conftest import (
    keys_shown,
    listening,
    on_top,
    press,
    says_just,
    sees,
    settle,
    status,
    table,
    type_text,
    until,
)
from widgets.detail_pane import DetailPane
from widgets.field import Answer
from widgets.form import Form

GUEST = "/vms/104"


def remark(pilot: Pilot[None]) -> str:
    return " ".join(pilot.app.screen.query_one("#remarks", DetailPane).text.split())


def answer(pilot: Pilot[None], ident: str) -> Answer:
    return pilot.app.screen.query_one(Form).field(ident).value


async def take(pilot: Pilot[None], *names: str) -> None:
    """In the field with the cursor: open its list, mark each, take them."""
    await press(pilot, "space")
    await on_top(pilot, PickManyScreen)
    for name in names:
        await type_text(pilot, name)
        await press(pilot, "space")
        for _ in name:
            await pilot.press("backspace")
        await settle(pilot)
    await press(pilot, "enter")


async def rested(pilot: Pilot[None]) -> None:
    """The remarks follow a moment after the last key."""
    await pilot.pause(0.25)
    await settle(pilot)


async def form(pilot: Pilot[None], path: str = GUEST, *, kind: str = "1") -> AclForm:
    """The form of new permissions, from the row of an entry on that path."""
    await press(pilot, "1", "colon")
    await type_text(pilot, f"find path:{path}")
    await press(pilot, "enter", "a", kind)
    await on_top(pilot, AclForm)
    return pilot.app.screen


async def run(pilot: Pilot[None]) -> None:
    await press(pilot, "ctrl+o")
    await on_top(pilot, PlanScreen)
    await listening(pilot)
    await press(pilot, "y")
    await settle(pilot)


async def test_two_groups_and_a_user_get_two_roles_on_a_guest(pilot):
    await form(pilot)
    await until(pilot, lambda: answer(pilot, "paths") == GUEST)
    await take(pilot, "monitoring", "ops-corp")
    await press(pilot, "down")
    await take(pilot, "bob@pve")
    await press(pilot, "down", "down")
    await take(pilot, "PVEAuditor", "PVEVMUser")
    await rested(pilot)
    await until(pilot, lambda: "6 new entries." in remark(pilot))
    await press(pilot, "ctrl+o")
    plan = pilot.app.screen
    assert isinstance(plan, PlanScreen)
    await sees(pilot, "add 6 ACL entries")
    await listening(pilot)
    await press(pilot, "y")
    await settle(pilot)
    await press(pilot, "escape")
    rows = [key for key in keys_shown(pilot) if key.startswith(f"{GUEST} ")]
    wanted = [f"{GUEST} {who} {role}" for who in ("@monitoring", "@ops-corp", "bob@pve")
              for role in ("PVEAuditor", "PVEVMUser")]  # fmt: skip
    assert set(wanted) < set(rows)


async def test_it_says_when_a_pool_makes_an_entry_restrict_nothing(pilot):
    await form(pilot, kind="2")
    await take(pilot, "anna.admin@corp")
    await press(pilot, "down", "down", "down")
    await take(pilot, "PVEAuditor")
    await rested(pilot)
    await until(
        pilot, lambda: "a pool adds it back (lab): this entry restricts nothing." in remark(pilot)
    )


async def test_it_says_what_noaccess_takes(pilot):
    await form(pilot, "/vms/110")
    await take(pilot, "admins-corp")
    await press(pilot, "down", "down", "down")
    await take(pilot, "NoAccess")
    await rested(pilot)
    await until(pilot, lambda: "BLOCKS" in remark(pilot))
    await until(pilot, lambda: "47 privileges less" in remark(pilot))


async def test_a_path_that_pve_does_not_know_is_told_at_the_field(pilot):
    await form(pilot)
    await press(pilot, "up")
    await type_text(pilot, ", /vm/1")
    await press(pilot, "ctrl+o")
    await on_top(pilot, AclForm)
    await sees(pilot, "PVE knows no path /vm;")
    await says_just(pilot, "Nothing was sent. What is typed stays.")


async def test_a_path_is_picked_by_the_name_of_its_guest_and_joins_the_others(pilot):
    await form(pilot)
    await press(pilot, "up")
    await type_text(pilot, ",")
    await press(pilot, "ctrl+p")
    await on_top(pilot, PickScreen)
    await type_text(pilot, "web-01")
    await press(pilot, "enter")
    await until(pilot, lambda: answer(pilot, "paths") == f"{GUEST}, /vms/100")


async def test_nobody_and_no_role_are_told_at_their_fields(pilot):
    await form(pilot, kind="3")
    await press(pilot, "ctrl+o")
    await sees(pilot, "A role is needed.")
    await take(pilot, "PVEAuditor")
    await press(pilot, "ctrl+o")
    await sees(pilot, "A group, a user or an API token is needed.")


async def test_the_role_of_marked_entries_is_changed_and_the_marks_have_served(pilot):
    await press(pilot, "1", "colon")
    await type_text(pilot, "find path:/vms/100 look:yes")
    await press(pilot, "enter", "space", "space", "e")
    await on_top(pilot, AclEditForm)
    await sees(pilot, "Edit: 2 ACL entries")
    await type_text(pilot, "PVEVMAdmin")
    await rested(pilot)
    await until(
        pilot,
        lambda: "2 entries: the new one is made first, then the old one goes." in remark(pilot),
    )
    await run(pilot)
    await press(pilot, "escape")
    config = pilot.app.snapshot.access.value
    here = {entry.shown_subject: entry for entry in config.acl if entry.path == "/vms/100"}
    assert {who: entry.role for who, entry in here.items()} == {
        "@ops-corp": "PVEVMAdmin",
        "anna.admin@corp": "PVEVMAdmin",
    }
    assert aclnotes.HIDDEN in aclnotes.notes(config)[here["@ops-corp"]]
    await until(pilot, lambda: table(pilot).marks == frozenset())


async def test_marks_stay_while_nothing_was_changed(pilot):
    await press(pilot, "1", "colon")
    await type_text(pilot, "find path:/vms/100 look:yes")
    await press(pilot, "enter", "space", "space", "e", "ctrl+o")
    await on_top(pilot, AclEditForm)
    await until(pilot, lambda: status(pilot).startswith("Nothing would change"))
    await press(pilot, "escape")
    await until(pilot, lambda: len(table(pilot).marks) == 2)


async def test_a_row_of_the_tree_begins_a_permission_on_its_path(pilot):
    await press(pilot, "1", "colon")
    await type_text(pilot, "view tree")
    await press(pilot, "enter")
    await until(pilot, lambda: table(pilot).go_to("/storage"))
    await press(pilot, "a", "1")
    await until(pilot, lambda: answer(pilot, "paths") == "/storage")
    await press(pilot, "escape", "d")
    await on_top(pilot, PlanScreen)
    await sees(pilot, "remove ACL /storage @ops-co")


async def test_of_several_entries_on_a_path_of_the_tree_some_are_picked(pilot):
    await press(pilot, "1", "colon")
    await type_text(pilot, "view tree")
    await press(pilot, "enter")
    await until(pilot, lambda: table(pilot).go_to("/access"))
    await press(pilot, "d")
    await says_just(pilot, "No entry stands on /access: what is further up counts.")
    await until(pilot, lambda: table(pilot).go_to("/"))
    await press(pilot, "d")
    await on_top(pilot, PickManyScreen)
    await type_text(pilot, "@monitoring")
    await press(pilot, "space", "enter")
    await sees(pilot, "remove ACL / @monitoring PVEAuditor")
