"""What a plan changes for everybody: who gains and who loses which privileges, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from threading import Event
from time import monotonic
from typing import ClassVar, Final

from textual.worker import get_current_worker

from pve_auth_tui.core.effects.rights import Change, Changes
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.known import about_subject
from pve_auth_tui.core.why.whatif import Stopped, WhatIf, what_if
from pve_auth_tui.core.words import listed, thousands, yes_no
from screens.answer_rows import FindRow, OpenRow, RowsScreen
from screens.commands import Back, Command, Commands, Help
from screens.questions import SaveAnswer, Show

_TELL: Final = 0.2  # seconds between two words on how far it is


class WorkOutAgain(Command["WhatIfScreen"]):
    """Works it out after all, when it was stopped."""

    keys, shown, word, name = "r,f5", "r", "", "again"

    @classmethod
    def problem(cls, screen: WhatIfScreen) -> str:
        return "" if screen.was_stopped else "It was worked out: a plan does not change by itself."

    @classmethod
    def run(cls, screen: WhatIfScreen) -> None:
        screen.work_again()


class LeaveWhatIf(Back):
    """Stops working it out; or goes back to the plan, which is as it was."""

    word = "back to the plan"


class WhatIfScreen(RowsScreen):
    """Only shows; one row for each user and API token whose rights are others then."""

    OFFERS: ClassVar[Commands] = (OpenRow, FindRow, SaveAnswer, LeaveWhatIf, Help, WorkOutAgain)
    TITLE_TEXT = "What if"
    COLUMNS = (
        Column("User/API Token", 28, grow=True),
        Column("Gains", 8),
        Column("Loses", 8),
        Column("Where", 26, grow=True),
    )
    FIELDS = ("gains", "loses")
    FILE = "what-if"

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._found: WhatIf | None = None
        self._about: Mapping[str, Sequence[Line]] = {}
        self._stop = Event()
        self._works = False
        self.was_stopped = False

    def on_unmount(self) -> None:
        self._stop.set()

    @property
    def heading(self) -> str:
        return f"What if: {self._plan.title}"

    def snapshot_changed(self) -> None:
        """The plan speaks of the picture on which it was made."""
        self.refresh_head()

    def show_questions(self) -> None:
        """Nothing is asked: the plan is."""

    # --- working it out ---------------------------------------------------------------------

    def begin(self) -> None:
        self._works = True
        super().begin()
        self.say("Working out everybody's rights, before and after ... Esc stops.")

    def work_again(self) -> None:
        """`r`, after it was stopped."""
        self.was_stopped, self._worked_on, self._stop = False, None, Event()
        self.begin()

    def work_out(self, snapshot: Snapshot, asked: tuple[str, ...]) -> Show:
        before, after = self._plan.before, self._plan.after
        stop, worker, told = self._stop, get_current_worker(), monotonic()

        def progress(done: int, of: int) -> None:
            nonlocal told
            if monotonic() - told >= _TELL:
                told = monotonic()
                words = f"... {100 * done // of} %"
                self.post_found(snapshot, partial(self.show_nothing, words), final=False)

        try:
            found = what_if(
                before, after, now=before.taken_at, progress=progress,
                stop=lambda: stop.is_set() or worker.is_cancelled,
            )  # fmt: skip
        except Stopped:
            return self._tell_stopped
        return partial(self._show, found, *_told(found))

    def _show(
        self, found: WhatIf, rows: Sequence[Row], about: Mapping[str, Sequence[Line]]
    ) -> None:
        self._works, self._found, self._about = False, found, about
        self.show_rows(rows, "Nobody gains or loses a privilege anywhere.")
        unknown = " What some of its steps do cannot be foretold." if self._plan.unforeseen else ""
        self.say(f"{self._said()}. Nothing is changed by looking.{unknown}")

    def _tell_stopped(self) -> None:
        self._works, self.was_stopped = False, True
        self._tell_trouble("It was stopped, so nothing is known. r works it out after all.")
        self.say("Stopped. Esc goes back to the plan.")

    def step_back(self) -> None:
        """Esc: stops working it out; else back to the plan."""
        if self._works:
            self._stop.set()
            self.say("Stopping ...")
        else:
            super().step_back()

    # --- who ------------------------------------------------------------------------------------

    def _said(self) -> str:
        """`12 of 10,212 users and API tokens change`"""
        asked = self._found.asked if self._found else 0
        number = thousands(len(self._about))
        return f"{number} of {thousands(asked)} users and API tokens change"

    def counted(self, number: int) -> str:
        return self._said()

    def details(self, key: str) -> tuple[str, Sequence[Line]]:
        who = about_subject(self._plan.after, key) or about_subject(self._plan.before, key)
        return key, [*([Line(who, "Who")] if who else []), *self._about[key]]


def _told(found: WhatIf) -> tuple[list[Row], dict[str, Sequence[Line]]]:
    """A row for everybody who is concerned, and the lines about each."""
    shifts = {shift.subject: shift.changes for shift in found.shifts}
    rows: list[Row] = []
    about: dict[str, Sequence[Line]] = {}
    for subject in sorted({*shifts, *found.wake, *found.sleep}):
        changes = shifts.get(subject, ())
        lines = [line for change, paths in changes for line in _change_lines(change, paths)]
        if unchanged := found.unchanged.get(subject):
            lines.append(Line(f"nothing on {listed(unchanged, 8)}", "Changes"))
        asleep = ""
        if subject in found.sleep:
            asleep = "sleeps"
            lines.insert(0, Line("its rights can no longer be used", "Sleeps"))
        elif subject in found.wake:
            asleep = "wakes"
            lines.insert(0, Line("its rights can be used from then on", "Wakes"))
        rows.append(_row(subject, changes, asleep))
        about[subject] = lines
    return rows, about


def _row(subject: str, changes: Changes, state: str) -> Row:
    """`state`: `wakes` and `sleeps` stand where a number of privileges would."""
    gained = frozenset[str]().union(*(one.gained | one.gained_below for one, _ in changes))
    lost = frozenset[str]().union(*(one.lost | one.lost_below for one, _ in changes))
    paths = [path for _, where in changes for path in where]
    gains = thousands(len(gained)) if gained else "wakes" if state == "wakes" else "-"
    loses = thousands(len(lost)) if lost else "sleeps" if state == "sleeps" else "-"
    fields = {"gains": yes_no(gains != "-"), "loses": yes_no(loses != "-")}
    cells = (subject, gains, loses, listed(paths, 1) or "everywhere")
    return Row(subject, cells, fields, (subject, len(gained), len(lost)))


def _change_lines(change: Change, paths: Sequence[str]) -> list[Line]:
    """What differs on these paths, each kind on a line of its own."""
    where = listed(paths, 8)
    return [
        Line(f"{', '.join(sorted(privileges))} {place} {where}", heading)
        for heading, privileges, place in (
            ("Gains", change.gained, "on"),
            ("Gains", change.gained_below, "below"),
            ("Loses", change.lost, "on"),
            ("Loses", change.lost_below, "below"),
        )
        if privileges
    ]
