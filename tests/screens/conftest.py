"""The application on the demo cluster, driven by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.screen import Screen
from textual.worker import WorkerCancelled

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.ports import Tree
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.services.outlook import Outlook, OutlookService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.wiring import wired
from pve_auth_tui.workshop import Workshop
from screens.plan import PlanScreen
from widgets.filter_table import FilterTable
from widgets.lines import OneLine

UNICODE = Profile("unicode", "true")
EARLY = "A plan listens half a second after it is shown."
Press = Callable[..., Awaitable[None]]
MakeApp = Callable[..., PveAuthApp]


@pytest.fixture(scope="session")
def rack() -> Tree:
    """The demo cluster; made once, nothing writes to it."""
    return demo_tree()


class BothAtOnce(OutlookService):
    """The second stage first, so that no picture hangs on when it is taken."""

    has_second = False

    def load(self) -> Outlook:
        super().load()
        return self.refine()


@pytest.fixture
def make_app(tmp_path: Path) -> MakeApp:
    """The demo, as the command line puts it together; or another tree, without an API."""

    def make(tree: Tree | None = None, profile: Profile = UNICODE) -> PveAuthApp:
        exports = Exports(StateFolder(tmp_path / "saved"))
        if tree is not None:
            service = SnapshotService(tree, FixedClock(DEMO_NOW))
            return PveAuthApp(OutlookService(service), profile, exports)
        options = parse(["demo"])
        found = wired(options, FixedClock(DEMO_NOW))
        outlooks = BothAtOnce(found.pictures, found.nodes)

        def workshop() -> Workshop:
            from pve_auth_tui.equipment import equipped

            return equipped(options, found, outlooks, {})

        return PveAuthApp(outlooks, profile, exports, found.stories, workshop)

    return make


@pytest.fixture
async def pilot(make_app: MakeApp, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        yield pilot


async def settle(pilot: Pilot[None]) -> None:
    """Wait for workers, the messages they post, and what these start."""
    for _ in range(3):
        with suppress(WorkerCancelled):  # a newer reload has taken its place
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for what a timer does; a busy machine may take its time."""
    for _ in range(1000):
        with suppress(NoMatches):  # a screen that opens has nothing in it yet
            if condition():
                return
        await pilot.pause(0.02)
    raise AssertionError(f"it never came true:\n{shown(pilot)}")


async def sees(pilot: Pilot[None], *texts: str) -> None:
    """Wait until all of them are on the screen at once, on one line or across some."""

    def missing() -> list[str]:
        whole = shown(pilot)
        flat = " ".join(whole.split())
        return [text for text in texts if text not in whole and text not in flat]

    try:
        await until(pilot, lambda: not missing())
    except AssertionError:
        raise AssertionError(f"{missing()} never came:\n{shown(pilot)}") from None


async def says(pilot: Pilot[None], text: str) -> None:
    """Wait until that is told in the status line."""
    await _tells(pilot, text, lambda told: text in told)


async def says_just(pilot: Pilot[None], text: str) -> None:
    """Wait until the status line tells that and nothing else."""
    await _tells(pilot, text, lambda told: told == text)


async def _tells(pilot: Pilot[None], text: str, is_told: Callable[[str], bool]) -> None:
    try:
        await until(pilot, lambda: is_told(status(pilot)))
    except AssertionError:
        raise AssertionError(f"never {text!r} but {status(pilot)!r}:\n{shown(pilot)}") from None


async def on_top(pilot: Pilot[None], kind: type[Screen[Any]]) -> None:
    """Wait until that is the screen that is seen."""
    try:
        await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    except AssertionError:
        found = type(pilot.app.screen).__name__
        raise AssertionError(f"never {kind.__name__} but {found}:\n{shown(pilot)}") from None


async def listening(pilot: Pilot[None]) -> None:
    """Wait for a plan that takes keys, as it does half a second after it was shown."""
    await on_top(pilot, PlanScreen)
    await until(pilot, lambda: pilot.app.screen.why_not_run() != EARLY)  # type: ignore[attr-defined]


async def press(pilot: Pilot[None], *keys: str) -> None:
    """As a person does: one key, and time to see what it did (a letter that acts waits 50 ms)."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.07)
        await settle(pilot)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Into a field, where no key waits; slower than a burst."""
    for character in text:
        await pilot.press({" ": "space", ":": "colon", "-": "minus"}.get(character, character))
        await pilot.pause(0.02)
    await settle(pilot)


def table(pilot: Pilot[None]) -> FilterTable:
    return pilot.app.screen.query_one(FilterTable)


def keys_shown(pilot: Pilot[None]) -> list[str]:
    return [row.key for row in table(pilot).rows_shown]


def status(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one("#status", OneLine).text


def shown(pilot: Pilot[None]) -> str:
    """Everything on the screen, as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def said(pilot: Pilot[None]) -> str:
    """Everything on the screen, as one line."""
    return " ".join(shown(pilot).split())
