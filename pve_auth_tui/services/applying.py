"""A plan is run: everything written down before it, its steps, and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from pve_auth_tui.core.applied import Applied, applied_of
from pve_auth_tui.core.errors import AuthTuiError, NothingRecords, Refused, Unwritable
from pve_auth_tui.core.journal import Entry
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.ports import Clock, Journal, Runner, Saved, Timers
from pve_auth_tui.core.takeback import material_of
from pve_auth_tui.core.words import count_words
from pve_auth_tui.services.following import Follower
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.report import Report, State, StepResult
from pve_auth_tui.services.steps import OnProgress, Story, entry, looked_at, outcome_of, run_steps
from pve_auth_tui.services.undoing import Undoing, UndoOf
from pve_auth_tui.services.unrecorded import ForgivingJournal, ForgivingSaved
from pve_auth_tui.services.upshot import upshot


class World(Protocol):
    """How things are (`services.outlook.OutlookService`)."""

    def fresh(self) -> Outlook:
        """Everything read anew, whole. Raises Unreadable."""


@dataclass(frozen=True)
class Applying:
    """`logged_in` tells who asks PVE. Who calls holds `Saved.exclusively`."""

    world: World
    runner: Runner
    journal: Journal
    saved: Saved
    clock: Clock
    timers: Timers | None
    undoing: Undoing
    logged_in: Callable[[], str]
    follower: Follower | None = None

    def forgiving(self) -> Applying:
        """The same, which goes on where nothing takes a line (R16)."""
        journal = ForgivingJournal(self.journal)
        return replace(self, journal=journal, saved=ForgivingSaved(self.saved))

    def run(
        self,
        plan: Plan,
        outlook: Outlook,
        *,
        reason: str = "",
        seconds: float = 0.0,
        stopped: Callable[[], bool] = lambda: False,
        on_progress: OnProgress = lambda progress: None,
        runner: Runner | None = None,
    ) -> Report:
        """`outlook` is the one that the plan was made with, just now. With `seconds` it takes
        itself back after them. `runner`: another one for this plan. Raises Refused; then no step
        was run.
        """
        begun = self._foretold(plan, seconds)
        story = Story(self.journal, begun.id, plan.title)
        self._begin(story, plan, begun, reason, seconds)
        results, unwritten = run_steps(
            plan.steps,
            runner or self.runner,
            story,
            user=self.logged_in(),
            title=plan.title,
            stopped=stopped,
            on_progress=on_progress,
            follower=self.follower,
        )
        for number, one in enumerate(results, 1):
            if one.task:
                story.remark(f"Step {number} goes on as a task of PVE's: see its task list.")
        was_stopped = stopped() and any(one.state is State.NOT_RUN for one in results)
        troubles = [] if unwritten is None else [_unwritten(unwritten)]
        end = _End(plan, begun, story, stopped=was_stopped)
        return self._report(end, outlook, results, troubles)

    # --- before the first step -------------------------------------------------------------

    def _foretold(self, plan: Plan, seconds: float) -> Applied:
        """As it is written down before the first step: not complete."""
        now = self.clock.now()
        applied = applied_of(
            f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
            plan.title,
            now,
            before=plan.before,
            after=plan.after,
            touched=plan.touched,
            lost=plan.back.lost,
            armed_until=now + seconds if seconds > 0 else None,
        )
        undoes = plan.intent.plan if isinstance(plan.intent, UndoOf) else ""
        return replace(applied, complete=False, undoes=undoes)

    def _begin(self, story: Story, plan: Plan, begun: Applied, reason: str, seconds: float) -> None:
        """Everything that must be on disk before the first step. Raises Refused without it."""
        try:
            story.tell(
                entry("begin", text=count_words(len(plan.steps), "step", "steps"), reason=reason)
            )
        except Unwritable as error:
            told = f"The journal takes no entries, so nothing was changed: {error}"
            raise NothingRecords(told, error.hint) from error
        try:
            if material := material_of(plan.before, begun.changes):
                self.saved.put_material(begun.id, material)
            self.saved.put(begun)
            if material or isinstance(self.saved, ForgivingSaved):
                story.remark(self.saved.caution())
            if begun.armed_until is not None and self.timers:
                self.timers.arm(begun.id, seconds)
                story.tell(entry("armed", text=f"taken back in {seconds / 60:g} min unless kept"))
        except AuthTuiError as error:
            self._forget(begun)
            with suppress(AuthTuiError):
                story.tell(entry("end", outcome=f"failed: {type(error).__name__}"))
            told = f"The way back could not be prepared, so nothing was changed: {error}"
            kind = NothingRecords if isinstance(error, Unwritable) else Refused
            raise kind(told, error.hint) from error

    def _forget(self, begun: Applied) -> None:
        """Nothing was changed: no timer, no secrets, no record that could be undone."""
        with suppress(AuthTuiError):
            self.undoing.disarm(begun.id)
        with suppress(AuthTuiError):
            self.saved.wipe(begun.id)
            self.saved.put(replace(begun, changes=(), armed_until=None, complete=True))

    # --- after the last one ------------------------------------------------------------------

    def _report(
        self,
        end: _End,
        outlook: Outlook,
        results: Sequence[StepResult],
        troubles: list[str],
    ) -> Report:
        plan, at = end.plan, self.clock.now()
        try:
            outlook = self.world.fresh()
        except AuthTuiError as error:
            troubles.append(f"What the node says now could not be read: {error}")
            found = upshot(plan, end.begun, results, None, at=at)
        else:
            results, seen = self._looked(end, results, outlook)
            troubles += seen
            found = upshot(plan, end.begun, results, outlook.snapshot, at=at)
        applied = found.applied
        if applied.changes:
            troubles += _told(lambda: self.saved.put(applied), "What undo needs")
        else:
            self._forget(end.begun)
        if isinstance(plan.intent, UndoOf) and all(one.state is State.DONE for one in results):
            undone = plan.intent.plan
            troubles += _told(lambda: self.undoing.was_undone(undone), "That it was taken back")
        differences = [*troubles, *found.differences]
        last = entry("end", outcome=_outcome(results, differences, stopped=end.stopped))
        differences += self._tell(end.story, last)
        return Report(
            applied.id,
            plan,
            tuple(results),
            tuple(differences),
            found.others,
            outlook.snapshot,
            outlook.node,
            deadline=applied.armed_until if applied.changes else None,
            undoable=found.undoable and not self._lost,
            stopped=end.stopped,
            remarks=tuple(end.story.remarks),
        )

    @property
    def _lost(self) -> bool:
        """Whether what undo needs could not be kept, and it went on all the same."""
        return isinstance(self.saved, ForgivingSaved) and self.saved.lost

    def _looked(
        self, end: _End, results: Sequence[StepResult], outlook: Outlook
    ) -> tuple[Sequence[StepResult], list[str]]:
        """The results with what reading back showed of steps that nobody heard of."""
        looked = looked_at(results, end.plan.before, outlook.snapshot, at=end.begun.time)
        entries = [
            entry("result", step=number, outcome=outcome_of(new))
            for number, (old, new) in enumerate(zip(results, looked, strict=True), 1)
            if new is not old
        ]
        return looked, self._tell(end.story, *entries)

    def _tell(self, story: Story, *entries: Entry) -> list[str]:
        """What could not be told, as a sentence."""
        try:
            for one in entries:
                story.tell(one)
        except Unwritable as error:
            return [_unwritten(error)]
        return []


@dataclass(frozen=True)
class _End:
    """What is known of a plan when its last step has ended."""

    plan: Plan
    begun: Applied
    story: Story
    stopped: bool


def _told(write: Callable[[], None], what: str) -> list[str]:
    try:
        write()
    except AuthTuiError as error:
        return [f"{what} could not be written down: {error}"]
    return []


def _unwritten(error: AuthTuiError) -> str:
    return f"The journal took no more entries: {error}"


def _outcome(results: Sequence[StepResult], differences: Sequence[str], *, stopped: bool) -> str:
    """For the journal: `ok`; `failed: 1 of 3 done, 1 failed, 1 not run`; `stopped: ...`."""
    counts = {state: sum(one.state is state for one in results) for state in State}
    if counts[State.DONE] == len(results):
        return f"ok, {len(differences)} differences" if differences else "ok"
    ends = (State.FAILED, State.UNSURE, State.NOT_RUN)
    told = [f"{counts[state]} {state.value}" for state in ends if counts[state]]
    done = f"{counts[State.DONE]} of {len(results)} done"
    return f"{'stopped' if stopped else 'failed'}: {', '.join([done, *told])}"
