"""What comes while a screen is only being opened, or is just being taken down."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from textual.css.query import NoMatches

from pve_auth_tui.changing import Wanted
from pve_auth_tui.core.errors import Unreachable
from pve_auth_tui.core.intents.factors import unlock
from screens.enrol_key import EnrolKeyScreen
from screens.enrol_totp import EnrolTotpScreen
from screens.prove import ProveScreen
from tests.screens.conftest import press, settle, shown, until
from widgets.find_field import FindBar, FindField


@pytest.mark.parametrize("screen", [EnrolTotpScreen, ProveScreen])
async def test_a_timer_that_ends_just_then_ends_nothing_else(pilot, screen):
    opened = pilot.app.push_screen(screen("nina@pve"))
    pilot.app.refresh_heads()
    await opened
    await settle(pilot)
    await until(pilot, lambda: "0 Recover" in shown(pilot))


async def test_a_picture_that_comes_at_the_very_end_ends_nothing_else(pilot, monkeypatch):
    """Its widgets are gone then, before it knows."""

    def nothing(selector=None):
        raise NoMatches("they are gone")

    screen = pilot.app.screen
    with monkeypatch.context() as at_the_end:
        at_the_end.setattr(screen, "query", lambda selector=None: [])
        at_the_end.setattr(screen, "query_one", nothing)
        screen.take_picture()
        screen.refresh_lines()
    assert "0 Recover" in shown(pilot)


async def test_what_comes_when_every_screen_is_gone_ends_nothing_else(pilot, monkeypatch):
    """Timers and answers may still come while the application closes."""
    app = pilot.app
    with monkeypatch.context() as at_the_end:
        at_the_end.setattr(type(app), "screen_stack", [])
        app._tell_of_waiting(app.outlook)
        app._take(app.Read(app.outlook))
        app._explain(app.NotRead(Unreachable("Nothing answers.")))
        app._show_armed(app.Armed((), "Kept: nothing."))
        app._show_recovered(app.Recovered((), "Acknowledged."))
    assert app.failure


async def test_a_plan_that_comes_when_every_screen_is_gone_goes_to_nobody(pilot, monkeypatch):
    app = pilot.app
    told = []
    wanted = Wanted(unlock("nina@pve"), told.append, told.append, app.screen)
    outlook = app.outlook
    report = SimpleNamespace(snapshot=replace(outlook.snapshot), node=outlook.node)
    with monkeypatch.context() as at_the_end:
        at_the_end.setattr(type(app), "screen_stack", [])
        app._tell_problem(app.NotMade(Unreachable("Nothing answers."), wanted))
        app._take_report(app.Ran(report))
    assert told == []
    assert app.snapshot is report.snapshot


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("leave", [True, False])
async def test_who_leaves_while_a_screen_is_opened_ends_nothing_else(make_app, turns, leave):
    """It gets no widgets any more, and looks for them all the same; run_test() raises that."""
    app = make_app()
    async with app.run_test() as pilot:
        await settle(pilot)
        app.push_screen(EnrolKeyScreen("nina@pve"))
        for _ in range(turns):  # of the loop: each of them is another moment of opening it
            await asyncio.sleep(0)
        if leave:
            app.exit()
    assert app.crash is None


async def test_what_is_not_found_while_it_runs_is_a_mistake_as_ever(make_app):
    app = make_app()

    async def is_wrong():
        async with app.run_test() as pilot:
            await settle(pilot)
            app.call_later(app.screen.query_one, "#nothing-like-it")
            await until(pilot, lambda: app.crash is not None)

    with pytest.raises(NoMatches):
        await is_wrong()


@pytest.mark.parametrize("number", ["2", "5"])
async def test_the_field_behind_slash_may_take_its_time(pilot, number, monkeypatch):
    """A busy machine mounts it late; who opened it must not look for it before."""
    await press(pilot, number)
    with monkeypatch.context() as busy:
        busy.setattr(FindBar, "compose", lambda bar: iter(()))
        busy.setattr(FindBar, "show_count", lambda bar, count: None)
        await press(pilot, "/")
    await until(pilot, lambda: "0 Recover" in shown(pilot))


async def test_the_field_behind_slash_takes_the_keys_by_itself(pilot):
    await press(pilot, "2", "/")
    await until(pilot, lambda: isinstance(pilot.app.focused, FindField))
