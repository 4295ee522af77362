"""Sync jobs by keys alone: the list, the runs to come, adding, editing, removing, their preview."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.sync.found import SyncOptions
from screens.plan import PlanScreen
from screens.sync_job_form import SyncJobForm
from screens.sync_jobs import SyncJobsScreen
from screens.sync_preview import SyncPreviewScreen
from tests.screens.conftest import (
    MakeApp,
    keys_shown,
    listening,
    on_top,
    press,
    says,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from tests.screens.realmtesting import Syncs, found_of, give


async def opened(pilot: Pilot[Any], realm: str = "") -> SyncJobsScreen:
    await settle(pilot)
    screen = SyncJobsScreen(realm)
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: table(pilot).total == 3)
    await settle(pilot)
    return screen


@pytest.fixture
async def jobs(make_app: MakeApp, still_cursor: None) -> AsyncIterator[Pilot[None]]:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        yield pilot


def job(pilot: Pilot[Any], name: str) -> dict[str, str]:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.snapshot
    assert app.snapshot.jobs.value
    return dict(app.snapshot.jobs.value.sync[name].options)


async def run_plan(pilot: Pilot[Any]) -> None:
    await listening(pilot)
    await press(pilot, "y")
    await until(pilot, lambda: "Done" in status(pilot))
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, SyncJobsScreen))
    await settle(pilot)


async def test_a_row_for_each_job_with_its_last_result(jobs: Pilot[None]) -> None:
    await until(jobs, lambda: keys_shown(jobs) == ["corp-changes", "corp-nightly", "lab-weekly"])
    line = next(line for line in shown(jobs).splitlines() if line[3:].startswith("corp-ni"))
    assert "BAD" in line.split()
    assert "02:15" in line


async def test_the_next_five_runs_are_those_of_pve(jobs: Pilot[None]) -> None:
    table(jobs).go_to("lab-weekly")
    await until(jobs, lambda: "lab-weekly (lab)" in shown(jobs) and " 03:00," in shown(jobs))
    await press(jobs, "enter")
    text = " ".join(shown(jobs).split()).partition("Next runs")[2]
    assert text.count("03:00") == 5


async def test_where_pve_does_not_tell_the_runs_that_is_said(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.snapshot
        syncs = Syncs(found_of(app.snapshot), pve_error=ApiError(500, "no way\n"))
        give(pilot, sync=syncs)
        await opened(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: "Next runs not known:" in " ".join(shown(pilot).split()))


async def test_opened_for_a_realm_its_jobs_stand_there(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot, "corp")
        await until(pilot, lambda: keys_shown(pilot) == ["corp-changes", "corp-nightly"])
        await press(pilot, "escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 2)


async def test_the_prompt_opens_them(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for words, count in (("sync-jobs", 3), ("sync-jobs lab", 1)):
            await press(pilot, "colon")
            await type_text(pilot, words)
            await press(pilot, "enter")
            await until(pilot, lambda count=count: table(pilot).count == count)


async def test_a_job_is_added(jobs: Pilot[None]) -> None:
    await press(jobs, "a")
    form = jobs.app.screen
    assert isinstance(form, SyncJobForm)
    await press(jobs, "ctrl+o")
    await sees(jobs, "A job has a name.")
    await type_text(jobs, "corp-often")
    form.form.focus_field("schedule")
    await type_text(jobs, "never")
    await press(jobs, "ctrl+o")
    await sees(jobs, "PVE cannot read that")
    for _ in range(5):
        await jobs.press("backspace")
    await type_text(jobs, "21:00")
    await until(jobs, lambda: "Next runs" in shown(jobs) and "21:00," in shown(jobs))
    form.form.focus_field("vanished")
    await press(jobs, "left")
    await until(jobs, lambda: form.form.field("these").display)
    form.form.focus_field("these")
    await press(jobs, "space", "space", "enter")
    await until(jobs, lambda: form.form.values["these"] == ("entry",))
    await press(jobs, "ctrl+o")
    await run_plan(jobs)
    assert job(jobs, "corp-often") == {
        "realm": "corp",
        "schedule": "21:00",
        "scope": "both",
        "remove-vanished": "entry",
        "enabled": "1",
    }
    await until(jobs, lambda: "corp-often" in keys_shown(jobs))


async def test_a_job_is_edited_and_only_what_was_changed_is_sent(jobs: Pilot[None]) -> None:
    table(jobs).go_to("lab-weekly")
    await press(jobs, "e")
    form = jobs.app.screen
    assert isinstance(form, SyncJobForm)
    await sees(jobs, "Edit: Sync Job lab-weekly")
    await until(jobs, lambda: "Nothing is changed yet." in shown(jobs))
    form.form.focus_field("enabled")
    await press(jobs, "space", "ctrl+o")
    await run_plan(jobs)
    assert job(jobs, "lab-weekly")["enabled"] == "1"


async def test_a_job_is_removed(jobs: Pilot[None]) -> None:
    table(jobs).go_to("lab-weekly")
    await press(jobs, "d")
    await run_plan(jobs)
    await until(jobs, lambda: keys_shown(jobs) == ["corp-changes", "corp-nightly"])


async def test_several_are_removed_in_one_plan_and_edited_one_by_one(jobs: Pilot[None]) -> None:
    await press(jobs, "space", "space", "e")
    await says(jobs, "one by one")
    await press(jobs, "d")
    await until(jobs, lambda: isinstance(jobs.app.screen, PlanScreen))
    await sees(jobs, "remove 2 sync jobs")


async def test_p_previews_with_the_jobs_own_options(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, PveAuthApp)
        assert app.snapshot
        syncs = Syncs(found_of(app.snapshot))
        give(pilot, sync=syncs)
        await opened(pilot)
        table(pilot).go_to("corp-changes")
        await press(pilot, "p")
        await until(pilot, lambda: isinstance(pilot.app.screen, SyncPreviewScreen))
        await until(pilot, lambda: bool(syncs.asked))
        assert syncs.asked[0] == SyncOptions("both", True, frozenset())
        await sees(pilot, "[ ] entry")
        await press(pilot, "escape")
        await on_top(pilot, SyncJobsScreen)


async def test_a_small_terminal_shows_the_jobs(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot)
        await sees(pilot, "corp-nigh")
