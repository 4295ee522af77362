"""Groups: added, edited from the group's side, several at once."""

from __future__ import annotations

from textual.pilot import Pilot

from pve_auth_tui.core.lists.groups import GROUPS
from screens.group_form import GroupForm, GroupsForm
from screens.groups import GroupsScreen
from tests.screens.conftest import listening, on_top, press, says_just, sees, shown, table, until
from tests.screens.test_plan import ran
from tests.screens.test_user_form import in_group, into, problem, remark, run_it, take

ANNA = "anna.admin@corp"


async def groups(pilot: Pilot[None], key: str, group: str = "") -> None:
    await press(pilot, "5")
    if group:
        await until(pilot, lambda: table(pilot).go_to(group))
    await press(pilot, key)


async def test_a_group_is_added_with_members(pilot: Pilot[None]) -> None:
    await groups(pilot, "a")
    await into(pilot, "name", "ops-lab")
    await remark(pilot, "a sync of lab may take it for a group of lab, and remove it")
    await into(pilot, "name", "on-call")
    await into(pilot, "comment", "nights")
    await take(pilot, "members", ANNA, "root@pam")
    await remark(pilot, "anna.admin@corp: joins on-call")
    await run_it(pilot)
    assert in_group(pilot, ANNA, "on-call")
    assert in_group(pilot, "root@pam", "on-call")
    await until(pilot, lambda: "on-call" in [row.key for row in table(pilot).rows_shown])


async def test_a_name_that_pve_does_not_take_is_said_at_the_field(pilot: Pilot[None]) -> None:
    await groups(pilot, "a")
    await into(pilot, "name", "Domain Admins")
    said = "A group's name has only letters, digits, dot, - and _."
    await until(pilot, lambda: problem(pilot, "name") == said)
    await into(pilot, "name", "dev")
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: problem(pilot, "name") == "The group dev exists already.")
    await says_just(pilot, "Nothing was sent. What is typed stays.")


async def test_members_are_changed_from_the_groups_side(pilot: Pilot[None]) -> None:
    await groups(pilot, "e", "admins-corp")
    form = pilot.app.screen
    assert isinstance(form, GroupForm)
    await remark(pilot, "Nothing is changed yet.")
    await take(pilot, "members", ANNA, "backup-admin@pve")
    await remark(pilot, "anna.admin@corp is no administrator any more.")
    await press(pilot, "ctrl+o")
    await listening(pilot)
    await sees(pilot, "Plan: edit group admins-corp")
    await press(pilot, "y")
    await ran(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: not in_group(pilot, ANNA, "admins-corp"))
    assert in_group(pilot, ANNA, "ops-corp")
    assert in_group(pilot, "backup-admin@pve", "admins-corp")


async def test_marked_groups_get_and_lose_the_same_users(pilot: Pilot[None]) -> None:
    await press(pilot, "5")
    table(pilot).set_marks(frozenset({"admins-corp", "contractors"}))
    await press(pilot, "e")
    await on_top(pilot, GroupsForm)
    await take(pilot, "join", "root@pam")
    await take(pilot, "leave", ANNA)
    await remark(pilot, "anna.admin@corp: leaves admins-corp")
    await run_it(pilot)
    assert in_group(pilot, "root@pam", "admins-corp")
    assert in_group(pilot, "root@pam", "contractors")
    assert not in_group(pilot, ANNA, "admins-corp")
    assert not table(pilot).marks


async def test_what_is_refused_leaves_all_that_was_chosen(pilot: Pilot[None]) -> None:
    await groups(pilot, "e", "dev")
    form = pilot.app.screen
    assert isinstance(form, GroupForm)
    await into(pilot, "comment", "another")
    await take(pilot, "members", ANNA)
    chosen = form.form.field("members").value
    await press(pilot, "ctrl+o")
    await listening(pilot)
    api = pilot.app._service._nodes.api  # type: ignore[attr-defined]
    api.call("DELETE", ("access", "groups", "dev"))
    await press(pilot, "y")
    await until(pilot, lambda: "There is no group dev." in shown(pilot))
    await press(pilot, "escape")
    await until(pilot, lambda: pilot.app.screen is form)
    assert form.form.field("comment").value == "another"
    assert form.form.field("members").value == chosen


async def test_a_group_is_a_place_of_its_own(pilot: Pilot[None]) -> None:
    await press(pilot, "5")
    screen = pilot.app.screen
    assert isinstance(screen, GroupsScreen)
    assert screen.listing is GROUPS
    assert screen.place_of("dev") == "/access/groups/dev"
    assert screen.subject_of("dev") == ""
