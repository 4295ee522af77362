"""Recovery keys on the screen: made by a plan, shown once, typed back, saved, gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.terminal.profile import Profile
from screens.choose import ChooseScreen
from screens.enrol_recovery import EnrolRecoveryScreen
from screens.start import StartScreen
from tests.screens.conftest import (
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
from tests.screens.enrolling import KEYS, House, house

NEW, OLD = "bob.admin@corp", "erik@pve"  # erik has a set with one key left


async def begun(pilot: Pilot[None], userid: str = NEW) -> House:
    app = pilot.app
    assert isinstance(app, House)
    await settle(pilot)
    app.push_screen(EnrolRecoveryScreen(userid))
    await settle(pilot)
    return app


def keys_in(text: str) -> list[str]:
    return [key for key in KEYS if key in text]


async def test_the_plan_comes_by_itself_and_then_the_keys_hidden_until_a_key(
    tmp_path: Path,
) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        [draft] = app.drafts_made
        assert draft.title == f"add recovery keys for {NEW}"
        assert keys_in(shown(pilot)) == []
        await sees(pilot, "nobody can see them again")
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: keys_in(shown(pilot)) == KEYS)
        for number, key in enumerate(KEYS):
            await sees(pilot, f"{number}  {key}")
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: keys_in(shown(pilot)) == [])


async def test_a_set_that_is_there_is_replaced_and_the_plan_says_so(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, OLD)
        [draft] = app.drafts_made
        assert [getattr(step, "method", "") for step in draft.steps] == ["DELETE", "POST"]
        assert "no longer work" in draft.notes[0].text
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: keys_in(shown(pilot)) == KEYS)


async def test_keys_that_were_made_are_shown_even_if_the_rest_went_wrong(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.runs = "differs"
        await begun(pilot)
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: keys_in(shown(pilot)) == KEYS)


@pytest.mark.parametrize("how", ["left", "failed"])
async def test_without_keys_one_is_back_where_one_was(tmp_path: Path, how: str) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.runs = how
        await begun(pilot)
        await on_top(pilot, StartScreen)
        await says_just(pilot, "No recovery keys were made.")


async def test_an_answer_that_nobody_knows_is_said(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.recovery_answer = {"id": "recovery", "recovery": KEYS[:9]}
        await begun(pilot)
        await on_top(pilot, StartScreen)
        await says(pilot, "gave an answer that this program does not know")


async def test_they_are_not_collected_with_other_changes(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.is_collecting = True
        await begun(pilot)
        await on_top(pilot, StartScreen)
        await until(
            pilot,
            lambda: "shown once, so they are not collected" in " ".join(status(pilot).split()),
        )
        assert app.drafts_made == []


async def test_no_plan_can_be_made_is_said(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot, "nobody@pve")
        await on_top(pilot, StartScreen)
        await says(pilot, "There is no user nobody@pve.")


async def test_a_key_that_is_typed_back_tells_its_number(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, KEYS[7])
        assert keys_in(shown(pilot)) == []
        await press(pilot, "ctrl+o")
        await says(pilot, "Right: that is key 7.")
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Type one of the ten keys"),
        (KEYS[3].upper(), "PVE takes small letters only"),
        (KEYS[3].replace("-", ""), "only with its three dashes"),
        ("0000-0000-0000-0000", "This is none of the ten."),
    ],
    ids=["nothing", "capitals", "no-dashes", "another"],
)
async def test_what_was_typed_wrong_is_explained_below_the_field(
    tmp_path: Path, typed: str, said: str
) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await type_text(pilot, typed)
        await press(pilot, "ctrl+o")
        await sees(pilot, said)
        await press(pilot, "escape")
        await on_top(pilot, EnrolRecoveryScreen)  # nothing shows that they were kept


async def test_leaving_without_a_sign_that_they_were_kept_asks_once(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await press(pilot, "escape")
        await on_top(pilot, EnrolRecoveryScreen)
        await says(pilot, "cannot be seen again")
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)


async def test_they_are_saved_where_only_their_owner_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await press(pilot, "down")
        await type_text(pilot, str(folder / "erik.txt"))
        await press(pilot, "ctrl+o")
        await until(
            pilot, lambda: f"Saved as {folder / 'erik.txt'}." in status(pilot).replace("\n", " ")
        )
        await press(pilot, "escape")
        await on_top(pilot, StartScreen)
    text = (folder / "erik.txt").read_text()
    assert keys_in(text) == KEYS
    assert NEW in text
    assert (folder / "erik.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("erik.txt", "Give the whole path of a file"),
        ("{open}/erik.txt", "can be used by others"),
        ("{none}/erik.txt", "No such file or directory"),
    ],
    ids=["relative", "open-folder", "no-folder"],
)
async def test_where_they_cannot_be_saved_is_told_below_the_field(
    tmp_path: Path, path: str, said: str
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    app = house(tmp_path)
    async with app.run_test(size=(132, 43)) as pilot:
        await begun(pilot)
        await press(pilot, "down")
        await type_text(pilot, path.format(open=tmp_path / "open", none=tmp_path / "none"))
        await press(pilot, "ctrl+o")
        await sees(pilot, said)
        await press(pilot, "escape")
        await on_top(pilot, EnrolRecoveryScreen)


async def test_on_a_serial_line_a_file_is_offered_first(tmp_path: Path) -> None:
    app = house(tmp_path, Profile("ascii", "none", serial=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await says(pilot, "may be recorded (a serial line)")
        await press(pilot, "ctrl+r")
        await on_top(pilot, ChooseScreen)
        await press(pilot, "3")
        await until(pilot, lambda: keys_in(shown(pilot)) == [])
        await sees(pilot, "> Save to")


@pytest.mark.parametrize("way", ["escape", "idle", "quit"])
async def test_nothing_of_them_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    wiped: list[Any] = []
    monkeypatch.setattr("pve_auth_tui.terminal.wipe.cleared", wiped.append)
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        screen = app.screen
        assert isinstance(screen, EnrolRecoveryScreen)
        await press(pilot, "ctrl+r")
        if way == "escape":
            await press(pilot, "escape", "escape")
        elif way == "idle":
            app.open_start()
        else:
            app.exit()
        await settle(pilot)
        if way != "quit":
            assert len(wiped) == 1
            assert keys_in(shown(pilot)) == []
    assert screen.keys is None


async def test_the_secret_keys_are_in_no_repr(tmp_path: Path) -> None:
    app = house(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await press(pilot, "ctrl+r")
        screen = app.screen
        assert isinstance(screen, EnrolRecoveryScreen)
        texts = [repr(screen), repr(screen.keys), *map(repr, screen.walk_children())]
        assert not [text for text in texts if keys_in(text)]


async def test_a_refusal_of_the_service_is_said(tmp_path: Path) -> None:
    app = house(tmp_path)

    def refuses(userid: str, snapshot: object) -> Any:
        raise Refused("Not here.", "Elsewhere.")

    async with app.run_test(size=(80, 24)) as pilot:
        app.workshop.enrol.recovery = refuses
        await begun(pilot)
        await on_top(pilot, StartScreen)
        await says_just(pilot, "Not here. Elsewhere.")
