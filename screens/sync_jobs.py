"""Sync jobs: which realm is synced when, with what, and what came of it last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.lists.jobs import JOBS
from pve_auth_tui.core.words import date_time
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Commands
from screens.list_commands import (
    Add,
    Edit,
    Find,
    Mark,
    NextFinding,
    OnRow,
    Open,
    Remove,
    Save,
    ShowCommands,
    Sort,
    Views,
)
from screens.listing import ListScreen

if TYPE_CHECKING:
    from pve_auth_tui.core.snapshot import SyncJob

_FIVE = 5  # runs to come that are told


class PreviewJob(OnRow["SyncJobsScreen"]):
    """Shows what the job would do now, with its own options. Nothing is written."""

    keys, shown, word, name = "p", "p", "preview", "preview"

    @classmethod
    def run(cls, screen: SyncJobsScreen) -> None:
        screen.preview_row()


class LeaveJobs(Back):
    """Drops marks, then what was found, then goes back."""

    word = "back"


class SyncJobsScreen(ListScreen):
    """`realm`: whose jobs are shown at first; "" for all of them."""

    listing = JOBS
    OFFERS: ClassVar[Commands] = (
        *(Open, PreviewJob, Add, Edit, Remove, Find, Views, Mark, LeaveJobs),
        *(Sort, NextFinding, ShowCommands, Save),
        *(command for command in EVERYWHERE if command is not Back),
    )

    @dataclass
    class Foretold(Message):
        """When a schedule comes round next, as PVE says; or why that is not known."""

        schedule: str
        text: str

    def __init__(self, realm: str = "") -> None:
        super().__init__()
        self._realm = realm
        self._runs: dict[str, str] = {}  # what is known of a schedule
        self._asked: set[str] = set()

    @property
    def open_title(self) -> str:
        return "Realms"

    def on_mount(self) -> None:
        if self._realm:
            self.find(f"realm:{self._realm}")

    def snapshot_changed(self) -> None:
        self._asked.clear()  # time has gone on
        super().snapshot_changed()

    # --- the runs to come --------------------------------------------------------------------

    def details(self) -> tuple[str, Sequence[Line]]:
        heading, lines = super().details()
        job = self._job
        if job is None:
            return heading, lines
        schedule = job.options.get("schedule", "")
        if schedule not in self._asked:
            self._asked.add(schedule)
            self._look_ahead(schedule)
        runs = Line(self._runs.get(schedule, "PVE is being asked ..."), "Next runs")
        at = 1 + next((at for at, line in enumerate(lines) if line.heading == "Schedule"), -1)
        return heading, (*lines[:at], runs, *lines[at:])

    @property
    def _job(self) -> SyncJob | None:
        """The job under the cursor."""
        jobs = self._snapshot.jobs.value if self._snapshot else None
        return jobs.sync.get(self.table.key or "") if jobs else None

    @work(thread=True, group="schedule", exit_on_error=False)
    def _look_ahead(self, schedule: str) -> None:
        text = runs_text(self, schedule)
        if not get_current_worker().is_cancelled:
            self.post_message(self.Foretold(schedule, text))

    @on(Foretold)
    def _take_runs(self, message: Foretold) -> None:
        self._runs[message.schedule] = message.text
        self._show_details()

    # --- what keys do ------------------------------------------------------------------------

    def add_row(self) -> None:
        from screens.sync_job_form import SyncJobForm

        self.app.push_screen(SyncJobForm(None, self._realm, self.changed))

    def edit_rows(self) -> None:
        from screens.sync_job_form import SyncJobForm

        keys = self.acted_on
        if len(keys) > 1:
            self.say("Jobs are edited one by one: unmark the others, Esc unmarks all.")
        else:
            self.app.push_screen(SyncJobForm(keys[0], "", self.changed))

    def remove_rows(self) -> None:
        """`d`"""
        from pve_auth_tui.core.intents import jobs
        from pve_auth_tui.core.planning import together

        keys = self.acted_on
        title = f"remove {len(keys)} sync jobs" if len(keys) > 1 else ""
        self.house.review(together([jobs.remove(key) for key in keys], title), self.changed)

    def preview_row(self) -> None:
        """`p`"""
        from pve_auth_tui.core.lists.parts import realm_of
        from pve_auth_tui.core.sync.options import options_of
        from screens.sync_preview import SyncPreviewScreen

        job = self._job
        realm = realm_of(self._snapshot, job.realm) if job and self._snapshot else None
        if job is None or realm is None:
            self.say("The realm of this job is gone.")
            return
        try:
            options = options_of(realm, job.options)
        except AuthTuiError as error:
            self.house.tell(error)
        else:
            self.app.push_screen(SyncPreviewScreen(job.realm, options))

    def step_back(self) -> None:
        """Esc: unmarks, then shows everything, then goes back to where it was opened."""
        if self.table.marks or (self._query.text and not self._is_as_opened):
            super().step_back()
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    @property
    def _is_as_opened(self) -> bool:
        return bool(self._realm) and self._query.text == f"realm:{self._realm}"


def runs_text(screen: BaseScreen, schedule: str) -> str:
    """When it comes round next, in words; in a worker, for PVE itself is asked."""
    try:
        runs = screen.house.workshop.sync.next_runs(schedule, _FIVE)
    except AuthTuiError as error:
        return f"not known: {error}"
    return ", ".join(map(date_time, runs)) or "never again"
