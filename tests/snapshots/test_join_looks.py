"""How a join looks at each of its steps: as drawn, and on the demo's own domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.terminal.profile import Profile
from screens.join import JoinScreen
from screens.join_flow import Step
from tests.screens.conftest import UNICODE, MakeApp, make_app, rack, settle, type_text, until
from tests.screens.jointesting import DOMAIN, MEMBER, Joins, wrong_password
from tests.screens.realmtesting import give
from tests.screens.test_join import check, name_a_group, run_the_plan, to_the_plan
from tests.snapshots.resting import rest

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)
Looks = Callable[..., None]
Run = Callable[[Pilot[Any]], Awaitable[None]]
Then = Callable[[Pilot[Any]], Awaitable[None]]

SIZES = pytest.mark.parametrize(
    ("size", "profile"),
    [((80, 24), UNICODE), ((132, 43), UNICODE), ((40, 12), UNICODE), ((80, 24), ASCII)],
    ids=["80x24", "132x43", "40x12", "ascii"],
)


def after(joins: Joins, then: Then | None = None, *keys: str) -> Run:
    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        joins.plans = give(pilot, join=joins)
        screen = JoinScreen("" if joins.node is MEMBER else DOMAIN)
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: not screen.busy)
        if then is not None:
            await then(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.1)
            await settle(pilot)
        await rest(pilot)

    return run


async def named(pilot: Pilot[Any]) -> None:
    await check(pilot)
    await name_a_group(pilot)


async def typed(pilot: Pilot[Any]) -> None:
    await check(pilot)
    for key in ("n",):
        await pilot.press(key)
        await pilot.pause(0.1)
        await settle(pilot)
    await type_text(pilot, "ops-linux")


async def failed(pilot: Pilot[Any]) -> None:
    await to_the_plan(pilot)
    await run_the_plan(pilot)


async def on_the_demo(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    screen = JoinScreen()
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: not screen.busy and bool(screen.flow.needs))
    await check(pilot)
    assert screen.flow.step is Step.CHECK
    await rest(pilot)


@SIZES
def test_the_check(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=after(Joins(), check))


@SIZES
def test_the_check_on_the_demo(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=on_the_demo)


def test_the_need(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after(Joins(), None, "down"))


def test_the_question_who_joins(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after(Joins(), None, "n"))


def test_the_question_who_may_log_in(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after(Joins(), typed))


def test_who_may_log_in(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after(Joins(), named))


def test_a_join_that_failed(looks_the_same: Looks, make_app: MakeApp) -> None:
    joins = Joins(fails=wrong_password(), left=("The account PVE1$ is still there.",))
    looks_the_same(make_app(), run_before=after(joins, failed))


@SIZES
def test_the_proof(
    looks_the_same: Looks, make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=after(Joins(node=MEMBER)))


def test_the_question_how_to_leave(looks_the_same: Looks, make_app: MakeApp) -> None:
    looks_the_same(make_app(), run_before=after(Joins(node=MEMBER), None, "l", "space"))
