"""What every form screen does, and the dialog of one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.secret import Secret
from screens.drafts import Drafts
from screens.form import FormScreen
from screens.rename import RenameScreen
from screens.start import StartScreen
from tests.screens.conftest import (
    on_top,
    press,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.enrolling import House, house
from tests.screens.test_bursts import MODHEX, burst
from widgets.field import AnyField, SecretEntry, TextEntry


class TwoFields(FormScreen):
    """A name and a password."""

    reviewed: list[dict[str, Any]]
    problem = ""

    @property
    def heading(self) -> str:
        return "A user"

    @property
    def draft(self) -> str:
        return "user"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            TextEntry("name", "Name", help="As PVE knows it.", rule=lambda t: "" if t else "Who?"),
            SecretEntry("password", "Password"),
        ]

    def review(self) -> None:
        if self.problem:
            raise Refused(self.problem, "Try another.")
        self.reviewed.append(self.form.values)


async def opened(pilot: Pilot[None]) -> TwoFields:
    await settle(pilot)
    screen = TwoFields()
    screen.reviewed = []
    pilot.app.push_screen(screen)
    await settle(pilot)
    return screen


async def test_review_looks_at_all_fields_first(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await press(pilot, "down", "ctrl+o")
        assert screen.reviewed == []
        await sees(pilot, "Who?", "> Name")
        await type_text(pilot, "joe")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: screen.reviewed == [{"name": "joe", "password": Secret("")}])


async def test_what_a_review_raises_is_said_and_everything_stays(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        screen.problem = "There is a joe."
        await type_text(pilot, "joe")
        await press(pilot, "ctrl+o")
        await says_just(pilot, "There is a joe. Try another.")
        await sees(pilot, "joe")


async def test_enter_in_the_last_field_does_nothing_but_say_what_comes(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await type_text(pilot, "joe")
        await press(pilot, "enter", "enter")
        await says_just(pilot, "That was the last field. ^O: review.")
        assert screen.reviewed == []


async def test_help_is_about_the_field_that_has_the_keys(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "ctrl+g")
        await says_just(pilot, "As PVE knows it.")
        await press(pilot, "down", "ctrl+g")
        await says_just(pilot, "There is no more to say about it.")


async def test_reveal_works_where_something_is_hidden_and_says_so_elsewhere(
    tmp_path: Path,
) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "ctrl+r")
        await says_just(pilot, "Nothing is hidden in this field.")
        await press(pilot, "down")
        await type_text(pilot, "abc")
        await press(pilot, "ctrl+r")
        await sees(pilot, "abc")
        await press(pilot, "up", "down")
        await until(pilot, lambda: "abc" not in shown(pilot))


async def test_what_was_typed_is_there_again_and_without_secrets_after_a_while(
    tmp_path: Path,
) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await type_text(pilot, "joe")
        await press(pilot, "down")
        await type_text(pilot, "abc")
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)
        screen = await opened(pilot)
        assert screen.form.values == {"name": "joe", "password": Secret("abc")}
        app._last_key -= 10_000
        app._watch_idleness()
        await settle(pilot)
        await on_top(pilot, StartScreen)
        screen = await opened(pilot)
        assert screen.form.values == {"name": "", "password": Secret("")}


def test_only_drafts_with_secrets_are_dropped() -> None:
    drafts = Drafts()
    drafts.keep("a", {"name": "joe"})
    drafts.keep("b", {"name": "ann", "password": Secret("x")})
    drafts.drop_secrets()
    assert drafts.of("a") == {"name": "joe"}
    assert drafts.of("b") == {}
    drafts.drop("a")
    drafts.drop("a")
    assert drafts.of("a") == {}


def test_a_draft_leaves_alone_what_others_changed_since() -> None:
    drafts = Drafts()
    began = {"enable": True, "comment": "", "expire": "never", "groups": ("dev", "ops")}
    drafts.keep("a", {**began, "comment": "night", "groups": ("dev", "qa")}, began)
    now = {**began, "enable": False, "groups": ("hr", "ops")}
    kept = drafts.take_up("a", now)
    assert kept is not None
    assert kept.answers == {"comment": "night", "groups": ("hr", "qa")}
    assert kept.changed == ("groups",)


def test_a_draft_tells_where_others_changed_the_same() -> None:
    drafts = Drafts()
    began = {"comment": "", "expire": "never"}
    drafts.keep("a", {"comment": "mine", "expire": "+30d"}, began)
    kept = drafts.take_up("a", {"comment": "theirs", "expire": "never"})
    assert kept is not None
    assert kept.answers == {"comment": "mine", "expire": "+30d"}
    assert kept.changed == ("comment",)


def test_answers_that_are_as_the_form_began_are_no_draft() -> None:
    drafts = Drafts()
    drafts.keep("a", {"comment": "x"}, {"comment": ""})
    drafts.keep("a", {"comment": ""}, {"comment": ""})
    assert drafts.take_up("a", {"comment": ""}) is None


class OneList(TwoFields):
    """Its second field follows the first."""

    def make_fields(self) -> Sequence[AnyField]:
        return [TextEntry("name", "Name"), TextEntry("twice", "Twice")]

    def answer_changed(self, ident: str) -> None:
        if ident == "name":
            twice = self.form.field("twice")
            assert isinstance(twice, TextEntry)
            twice.value = str(self.form.field("name").value) * 2


async def test_what_an_answer_did_to_other_fields_is_kept_and_that_it_is_said(
    tmp_path: Path,
) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pilot.app.push_screen(OneList())
        await settle(pilot)
        assert status(pilot) == ""
        await type_text(pilot, "joe")
        await press(pilot, "escape")
        screen = OneList()
        pilot.app.push_screen(screen)
        await settle(pilot)
        assert screen.form.values == {"name": "joe", "twice": "joejoe"}
        await says_just(pilot, "What was typed here before is back.")


@pytest.mark.parametrize("end", ["\r", ""])
async def test_a_touched_security_key_is_text_and_reviews_nothing(tmp_path: Path, end: str) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        burst(pilot, MODHEX + end)
        app.post_message(events.Key("ctrl+o", None))
        await pilot.pause(0.2)
        await settle(pilot)
        assert screen.reviewed == []
        assert screen.form.values["name"] == MODHEX
        await sees(pilot, "> Name")


async def test_nothing_of_a_secret_field_reaches_a_clipboard(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await press(pilot, "down")
        await type_text(pilot, "abc")
        await press(pilot, "ctrl+r", "home", "shift+end", "ctrl+c", "ctrl+x")
        assert app.clipboard == ""
        await sees(pilot, "abc")


# --- one line -----------------------------------------------------------------------------


async def renaming(pilot: Pilot[None]) -> list[str | None]:
    await settle(pilot)
    answers: list[str | None] = []
    pilot.app.push_screen(RenameScreen("Description", "phone"), answers.append)
    await settle(pilot)
    return answers


@pytest.mark.parametrize("key", ["enter", "ctrl+o"])
async def test_another_description(tmp_path: Path, key: str) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        answers = await renaming(pilot)
        await sees(pilot, "Another description")
        await type_text(pilot, " of Ann")
        await press(pilot, key)
        await until(pilot, lambda: answers == ["phone of Ann"])


async def test_the_same_description_is_no_change(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        answers = await renaming(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: answers == [None])


async def test_no_description_is_a_problem_below_the_field(tmp_path: Path) -> None:
    async with house(tmp_path).run_test(size=(80, 24)) as pilot:
        answers = await renaming(pilot)
        await press(pilot, *["backspace"] * 5, "enter")
        assert answers == []
        await sees(pilot, "A description is needed")
        await press(pilot, "escape")
        await until(pilot, lambda: answers == [None])


async def test_every_form_has_room_on_the_smallest_terminals(tmp_path: Path) -> None:
    app: House = house(tmp_path)
    async with app.run_test(size=(40, 12)) as pilot:
        await opened(pilot)
        await type_text(pilot, "x" * 60)
        lines = shown(pilot).splitlines()
        assert len(lines) <= 12
        assert any(line.startswith(" > Name") for line in lines)
        assert "^O review" in lines[-1]
