"""How a realm's test, the preview of a sync and the sync jobs look, on the demo's own network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.terminal.profile import Profile
from screens.realm_test import RealmTestScreen
from screens.sync_jobs import SyncJobsScreen
from screens.sync_preview import SyncPreviewScreen
from tests.screens.conftest import UNICODE, MakeApp, make_app, rack, settle, shown, table, until
from tests.snapshots.resting import rest

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)
Looks = Callable[..., None]
Run = Callable[[Pilot[Any]], Awaitable[None]]

SIZES = pytest.mark.parametrize(
    ("size", "profile"),
    [((80, 24), UNICODE), ((132, 43), UNICODE), ((40, 12), UNICODE), ((80, 24), ASCII)],
    ids=["80x24", "132x43", "40x12", "ascii"],
)


def after_test(realm: str, *keys: str) -> Run:
    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.snapshot
        assert app.snapshot.realms.value
        screen = RealmTestScreen(app.snapshot.realms.value.realms[realm])
        await app.push_screen(screen)
        await until(pilot, lambda: not (screen.busy or screen.why_nothing_tested()))
        await _then(pilot, *keys)

    return run


def after_preview(*keys: str) -> Run:
    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        screen = SyncPreviewScreen("corp")
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.agreement.word == "ok")
        await until(pilot, lambda: screen._earlier is not None)
        await _then(pilot, *keys)

    return run


async def _then(pilot: Pilot[Any], *keys: str) -> None:
    await settle(pilot)
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.1)
        await settle(pilot)
    await rest(pilot)


@SIZES
def test_a_realms_test(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=after_test("corp"))


def test_all_of_one_check(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after_test("corp", "enter"))


def test_a_realm_with_one_server(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after_test("old"))


def test_the_question_of_one_persons_login(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after_test("corp", "l"))


def test_the_question_before_a_password_goes_in_clear(
    looks_the_same: Looks, make_app: MakeApp
) -> None:
    looks_the_same(make_app(), run_before=after_test("lab", "l"))


@SIZES
def test_the_preview_of_a_sync(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=after_preview())


def test_who_is_removed(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after_preview("down", "down", "enter"))


@SIZES
def test_sync_jobs(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.app.push_screen(SyncJobsScreen())
        await until(pilot, lambda: table(pilot).total == 3)
        await _then(pilot)

    looks_the_same(make_app(profile=profile), size=size, run_before=run)


def test_the_form_of_a_sync_job(looks_the_same: Looks, make_app: MakeApp) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.app.push_screen(SyncJobsScreen())
        await until(pilot, lambda: table(pilot).total == 3)
        await _then(pilot, "down", "e")
        await until(pilot, lambda: "Nothing is changed yet." in shown(pilot))

    looks_the_same(make_app(), run_before=run)
