"""A realm that somebody changes while its test is looked at: what is shown is of the old one."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from screens.realm_test import RealmTestScreen
from screens.try_login import TryLoginForm
from tests.screens.conftest import (
    MakeApp,
    on_top,
    press,
    says_just,
    settle,
    shown,
    status,
    type_text,
    until,
)
from tests.screens.realmtesting import CORP, Tests, give

OLD = "Test realm corp (AD): these results are of its old settings"
CHANGED = "The realm was changed. r tests it as it is now."


async def begun(pilot: Pilot[Any], tests: Tests) -> RealmTestScreen:
    """The test's corp, which the demo's differs from as soon as the picture is looked at."""
    await settle(pilot)
    screen = RealmTestScreen(CORP)
    give(pilot, realm_test=tests).push_screen(screen)
    await until(pilot, lambda: bool(tests.runs))
    return screen


def take_picture(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    app.house_screen.take_picture()


def change_corp(pilot: Pilot[Any]) -> None:
    """Another picture, of which the screen below a form is not told."""
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.outlook is not None
    before = app.outlook.snapshot
    known = before.realms.value
    assert known is not None
    corp = known.realms["corp"]
    corp = replace(corp, options={**corp.options, "server1": "other.example.com"})
    realms = before.realms._replace(value=replace(known, realms={**known.realms, "corp": corp}))
    app.outlook = app.outlook._replace(snapshot=replace(before, realms=realms))


async def test_what_is_shown_says_that_it_is_of_the_old_settings(make_app: MakeApp) -> None:
    tests = Tests()
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, tests)
        await until(pilot, lambda: not screen.busy)
        take_picture(pilot)
        await until(pilot, lambda: OLD in shown(pilot) and status(pilot) == CHANGED)
        await press(pilot, "r")
        await until(pilot, lambda: len(tests.runs) == 2 and not screen.busy)
        assert OLD not in shown(pilot)


async def test_a_change_during_the_test_is_told_at_its_end(make_app: MakeApp) -> None:
    tests = Tests(held=Event())
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, tests)
        take_picture(pilot)
        await until(pilot, lambda: OLD in shown(pilot))
        assert screen.busy
        assert tests.held is not None
        tests.held.set()
        await until(pilot, lambda: not screen.busy)
        await says_just(pilot, CHANGED)


async def test_nobodys_password_is_asked_for_over_the_old_settings(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, Tests())
        await until(pilot, lambda: not screen.busy)
        take_picture(pilot)
        await until(pilot, lambda: OLD in shown(pilot))
        await press(pilot, "l")
        assert not isinstance(pilot.app.screen, TryLoginForm)
        await says_just(pilot, CHANGED)


async def test_nor_is_one_sent_that_was_typed_meanwhile(make_app: MakeApp) -> None:
    tests = Tests()
    async with make_app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot, tests)
        await until(pilot, lambda: not screen.busy)
        await press(pilot, "l")
        await on_top(pilot, TryLoginForm)
        await type_text(pilot, "ann")
        await press(pilot, "down")
        await type_text(pilot, "ann-secret")
        change_corp(pilot)
        await press(pilot, "ctrl+o")
        await on_top(pilot, RealmTestScreen)
        await says_just(pilot, CHANGED)
        assert tests.attempts == []
        assert OLD in shown(pilot)
