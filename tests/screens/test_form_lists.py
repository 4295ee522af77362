"""Fields that pick from lists, what a form says below its fields, and its way to a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from textual.pilot import Pilot

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import call
from pve_auth_tui.core.listing import Line
from screens.form import OF_LONG_FORMS, FormScreen
from screens.pick import PickScreen, columns_for
from screens.pick_many import PickManyScreen
from screens.plan import PlanScreen
from screens.start import StartScreen
from tests.screens.conftest import (
    MakeApp,
    keys_shown,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.enrolling import house
from widgets.detail_pane import DetailPane
from widgets.field import Answer, AnyField, Choice, ManyEntry, TextEntry

GROUPS = [Choice("admins", "3 members"), Choice("dev", "none"), Choice("ops", "2 members")]
HOSTILE = "[b]x\x1b[31m"


class GroupForm(FormScreen):
    """A name and some groups; its plan makes the group of that name."""

    OFFERS = OF_LONG_FORMS
    REMARKS = "Then"

    @property
    def heading(self) -> str:
        return "Add a group"

    @property
    def draft(self) -> str:
        return "group"

    def make_fields(self) -> Sequence[AnyField]:
        choices = [Choice("lab", "a name"), Choice("rack", "another")]
        return [
            TextEntry("name", "Name", choices=choices, rule=lambda t: "" if t else "Which?"),
            ManyEntry("groups", "Groups", GROUPS, ("gone", "ops")),
            TextEntry("comment", "Comment"),
        ]

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if answers["name"] == "bad":
            raise UsageError("That cannot be.", "Try good.")
        return [Line(f"{answers['name']} is made.", word="LOOK")]

    def review(self) -> None:
        name = str(self.form.field("name").value)
        self.propose(call.call("POST", ("access", "groups"), {"groupid": name}))


async def opened(pilot: Pilot[None]) -> GroupForm:
    await settle(pilot)
    screen = GroupForm()
    pilot.app.push_screen(screen)
    await settle(pilot)
    return screen


def remark(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(DetailPane).text


async def test_space_opens_the_list_and_enter_takes_what_was_marked(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "down", "space")
        await on_top(pilot, PickManyScreen)
        await until(pilot, lambda: keys_shown(pilot) == ["admins", "dev", "ops", "gone"])
        await press(pilot, "space", "down", "down", "space", "enter")
        await until(pilot, lambda: screen.form.field("groups").value == ("admins", "gone"))
        await sees(pilot, "[ 2: admins, gone ]")


async def test_esc_leaves_what_was_chosen_as_it_was(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "down", "ctrl+p", "space", "escape")
        await on_top(pilot, GroupForm)
        assert screen.form.field("groups").value == ("ops", "gone")


async def test_typing_narrows_the_list_and_ctrl_a_takes_all_that_are_shown(
    tmp_path: Path,
) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "down", "space")
        await type_text(pilot, "d")
        await until(pilot, lambda: keys_shown(pilot) == ["dev", "admins"])
        await press(pilot, "ctrl+a", "enter")
        await until(
            pilot, lambda: screen.form.field("groups").value == ("admins", "dev", "ops", "gone")
        )
        await press(pilot, "space", "ctrl+a", "enter")
        await until(pilot, lambda: screen.form.field("groups").value == ())
        await sees(pilot, "[ none ]")


async def test_typing_goes_to_what_matches_best(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "down", "space")
        await type_text(pilot, "m")
        await until(
            pilot, lambda: keys_shown(pilot) == ["admins", "ops", "gone"]
        )  # by what is said of them
        await press(pilot, "down")
        await type_text(pilot, "e")
        await press(pilot, "space", "enter")
        await until(pilot, lambda: screen.form.field("groups").value == ("admins", "ops", "gone"))


async def test_a_list_says_that_nothing_is_found_and_enter_does_not_leave_it(
    tmp_path: Path,
) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "ctrl+p")
        await type_text(pilot, "rackk")
        await sees(pilot, "Name: nothing is found. ^U begins anew.")
        await press(pilot, "enter")
        await on_top(pilot, PickScreen)
        await press(pilot, "backspace", "enter")
        await until(pilot, lambda: screen.form.field("name").value == "rack")
        await press(pilot, "down", "space")
        await type_text(pilot, "zz")
        await sees(pilot, "Groups: 2 taken; nothing is found. ^U begins anew.")


def test_what_is_said_about_names_gets_the_room_that_they_do_not_need() -> None:
    assert [column.width for column in columns_for(["a" * 20], {"a" * 20: "x"})] == [20, 30]
    assert [column.width for column in columns_for(["a"], {"a": "x"})] == [16, 30]
    assert [column.width for column in columns_for(["a" * 64], {"a" * 64: "x"})] == [36, 30]
    assert len(columns_for(["a"], {})) == 1


async def test_a_text_can_be_picked_or_typed(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "ctrl+p")
        await on_top(pilot, PickScreen)
        await press(pilot, "down", "enter")
        await until(pilot, lambda: screen.form.field("name").value == "rack")
        await type_text(pilot, "s")
        await until(pilot, lambda: screen.form.field("name").value == "racks")
        await press(pilot, "down", "down", "ctrl+p")
        await says_just(pilot, "There is no list for this field.")


async def test_what_was_picked_is_in_the_draft(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "down", "space", "space", "enter", "escape")
        await on_top(pilot, StartScreen)
        screen = await opened(pilot)
        assert screen.form.field("groups").value == ("admins", "ops", "gone")


async def test_a_rule_looks_when_no_key_has_come_for_a_moment(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        field = screen.form.field("name")
        await type_text(pilot, "x")
        await press(pilot, "backspace")
        await until(pilot, lambda: field.problem == "Which?")
        await sees(pilot, "Which?")
        await type_text(pilot, "x")
        assert field.problem == ""


async def test_remarks_follow_what_is_typed_and_tell_what_cannot_be(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await type_text(pilot, HOSTILE[:4])
        await until(pilot, lambda: "LOOK  [b]x is made." in remark(pilot))
        for _ in HOSTILE[:4]:
            await press(pilot, "backspace")
        await type_text(pilot, "bad")
        await until(pilot, lambda: "BAD   That cannot be. Try good." in remark(pilot))


async def test_a_plan_that_is_left_brings_back_to_the_form_as_it_was(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await type_text(pilot, "lab")
        await press(pilot, "ctrl+o")
        await on_top(pilot, PlanScreen)
        await press(pilot, "escape")
        screen = pilot.app.screen
        assert isinstance(screen, GroupForm)
        assert screen.form.field("name").value == "lab"
        await says_just(pilot, "Nothing was changed. What is typed stays.")


async def test_a_plan_that_was_run_ends_the_form_and_its_draft(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await type_text(pilot, "lab")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: pilot.app.screen.why_not_run() == "")  # type: ignore[attr-defined]
        await press(pilot, "y")
        await until(pilot, lambda: "Done" in status(pilot))
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)
        assert app.drafts.of("group") == {}


async def test_that_a_form_was_collected_is_said_where_it_leads_back_to(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.turn_collecting()
        await opened(pilot)
        await type_text(pilot, "lab")
        await press(pilot, "ctrl+o")
        await on_top(pilot, StartScreen)
        await until(pilot, lambda: status(pilot).startswith("1 collected. :review shows"))


async def test_what_pve_would_refuse_is_said_and_the_form_stays(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await type_text(pilot, "a b")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: pilot.app.screen is screen)
        await says(pilot, "group")


async def test_what_is_collected_ends_the_form(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.turn_collecting()
        await opened(pilot)
        await type_text(pilot, "lab")
        await press(pilot, "ctrl+o")
        await on_top(pilot, StartScreen)
        assert len(app.collected) == 1


async def test_remarks_without_room_are_said_to_be_in_the_plan(tmp_path: Path) -> None:
    class LongForm(GroupForm):
        def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
            return [Line(f"line {number}") for number in range(30)]

    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pilot.app.push_screen(LongForm())
        await settle(pilot)
        await until(pilot, lambda: "more lines: the plan shows them" in shown(pilot))
