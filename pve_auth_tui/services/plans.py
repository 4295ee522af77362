"""Changes, from a plan that is shown to a report of what came of it (design/architecture.md 3).

Review, apply with a fresh look, read back, compare; undo, keep, take back. Blocking, safe from
several threads, no Textual. Every way of changing something goes through here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.errors import AuthTuiError, NothingRecords, Refused, Unwritable, UsageError
from pve_auth_tui.core.journal import Entry
from pve_auth_tui.core.plan import Intent, Plan, Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.ports import Api, Authenticator, Clock, Journal, Runner, Saved, Timers
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.undo import TooSoon, age_rule
from pve_auth_tui.services.admission import require, require_possible, same
from pve_auth_tui.services.applying import Applying, World
from pve_auth_tui.services.following import Follower
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.report import Progress, Report, State, StepResult
from pve_auth_tui.services.steps import OnProgress
from pve_auth_tui.services.undoing import Undoing, UndoOf
from pve_auth_tui.services.unrecorded import ForgivingSaved

__all__ = ["PlanChanged", "PlanService", "Progress", "Report", "State", "StepResult", "World"]

LONGEST: Final = 60.0
"""Minutes that a change may wait to take itself back: what gives something back later than after
an hour has to be typed (R14), and nobody types for a timer."""

_PATIENCE: Final = 60.0  # seconds that a timer waits for a session that changes something
_FOR_CODES: Final = 600.0  # seconds in all that it waits until a used code does not count again
_SLICE: Final = 1.0  # seconds after which whoever waits looks whether to stop


class PlanChanged(Refused):
    """The node is no longer as it was when the plan was made; `plan` is the plan made anew."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            "The node has changed since the plan was made, so nothing was done.",
            "Look at the plan as it is now, and run that.",
        )
        self.plan = plan


class PlanService:
    """`runner` carries out steps, `saved` keeps what undo needs, `timers` take changes back by
    themselves (None: they cannot here). `logged_in` tells who asks PVE; `authenticator` computes
    the codes that an undo needs for TOTP. `pause` waits so many seconds. `api` gives the way to
    PVE in use, over which a sync's task is followed; None: nobody looks.
    """

    def __init__(
        self,
        world: World,
        runner: Runner,
        journal: Journal,
        saved: Saved,
        clock: Clock,
        *,
        timers: Timers | None = None,
        authenticator: Authenticator | None = None,
        logged_in: Callable[[], str] = lambda: ROOT,
        pause: Callable[[float], None] = time.sleep,
        api: Callable[[], Api | None] = lambda: None,
    ) -> None:
        self._world = world
        self._saved = saved
        self._clock = clock
        self._timers = timers
        self._logged_in = logged_in
        self._undoing = Undoing(saved, journal, clock, timers, authenticator)
        self._applying = Applying(
            world,
            runner,
            journal,
            saved,
            clock,
            timers,
            self._undoing,
            logged_in,
            Follower(api, wait=pause),
        )
        self._claim = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._stopping = False
        self._waiting = False
        self._pause = pause

    # --- before ------------------------------------------------------------------------

    def review(self, intent: Intent, outlook: Outlook) -> Plan:
        """The plan, judged with that picture. Raises what the intent raises."""
        return self._made(intent, outlook.snapshot)

    def why_no_timer(self) -> str:
        """Why no change can take itself back here; "" when it can. May start a program."""
        if self._timers is None:
            return "Nothing can be taken back by itself here."
        return self._timers.problem()

    def _made(self, intent: Intent, snapshot: Snapshot) -> Plan:
        plan = make_plan(intent, snapshot, now=self._clock.now(), logged_in=self._logged_in())
        if isinstance(intent, UndoOf) and intent.typed:  # R14: gives something back after 1 h
            return replace(plan, weight=Weight.HEAVY, confirm=plan.confirm or intent.typed)
        return plan

    # --- one at a time -------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a plan runs."""
        return not self._idle.is_set()

    def stop(self) -> None:
        """The running step ends, the rest does not start. A signal's handler may call this: it
        takes no lock. Where no plan runs or waits, nothing is stopped.
        """
        self._stopping = self.busy or self._waiting

    def wait(self, seconds: float) -> bool:
        """Wait until no plan runs; False when one still does after that time."""
        return self._idle.wait(seconds)

    @contextmanager
    def _alone(self, seconds: float = 0.0, *, unrecorded: bool = False) -> Iterator[None]:
        """No two of us write at once, neither in this process nor in another one."""
        saved = ForgivingSaved(self._saved) if unrecorded else self._saved
        until = time.monotonic() + seconds
        while not self._claimed():
            if not self._idle.wait(max(0.0, until - time.monotonic())):
                raise Refused("Another plan is running.", "Wait until it has ended.")
        try:
            with _held(saved, max(0.0, until - time.monotonic())):
                yield
        finally:
            self._idle.set()

    def _claimed(self) -> bool:
        with self._claim:
            if self.busy:
                return False
            self._stopping = False  # here: a stop at the very end of a plan is not for the next
            self._idle.clear()
            return True

    # --- applying ------------------------------------------------------------------------

    def apply(
        self,
        plan: Plan,
        *,
        override: str = "",
        reason: str = "",
        minutes: float = 0.0,
        on_progress: OnProgress = lambda progress: None,
        runner: Runner | None = None,
        unrecorded: bool = False,
        to_the_end: bool = False,
    ) -> Report:
        """Run it, unless the node is no longer as it was; what came of it, also when it failed.

        `override`: the word of a HEAVY plan, as it was typed. `reason`: for the journal.
        `minutes`: take it back after that time unless it is kept, at most LONGEST; 0: do not.
        `on_progress` is called in this thread, and must not raise. `runner`: who carries out its
        steps, if not the usual one. `unrecorded`: go on although nothing records it (R16), which a
        person has said; then the remarks of the report say so. `to_the_end`: nobody stops it
        between two steps, for what takes something back is worse half done than either.
        Raises PlanChanged, NothingRecords, Refused, UsageError and what reading raises; then
        nothing was done.
        """
        if minutes != 0 and not 0 < minutes <= LONGEST:
            told = f"A change takes itself back after {LONGEST:g} minutes at the most."
            raise UsageError(told, "Nothing was done.")
        with self._alone(unrecorded=unrecorded):
            outlook = self._world.fresh()
            now = self._made(plan.intent, outlook.snapshot)
            if not same(plan, now):
                raise PlanChanged(now)
            require(now, outlook.node, override)
            if minutes > 0:
                self._require_way_back(now)
            applying = self._applying.forgiving() if unrecorded else self._applying
            return applying.run(
                now,
                outlook,
                reason=f"overridden: {now.refusal} {reason}".strip() if now.refusal else reason,
                seconds=minutes * 60,
                stopped=lambda: self._stopping and not to_the_end,
                on_progress=on_progress,
                runner=runner,
            )

    def _require_way_back(self, plan: Plan) -> None:
        if not plan.back.steps:
            raise Refused("This cannot be taken back, so it cannot take itself back.")
        if problem := self.why_no_timer():
            raise Refused(problem, "Nothing was done.")

    # --- the way back ----------------------------------------------------------------------

    def history(self) -> tuple[Applied, ...]:
        """Every plan that changed something, the last one first. Raises Unreadable."""
        return self._undoing.history()

    def undo(self, plan: str = "") -> Intent:
        """What takes a plan back, the last one without an id. Raises Refused."""
        return self._undoing.undo(plan)

    def armed(self) -> tuple[Applied, ...]:
        """Changes of this and of earlier sessions that take themselves back unless kept, with
        those that should have and did not (`missed`). Raises Unreadable.
        """
        return self._undoing.armed()

    def missed(self, applied: Applied) -> bool:
        """Whether its time is over and it was not taken back."""
        return self._undoing.missed(applied)

    def keep(self, plan: str) -> Applied:
        """It stays. Raises Refused when it would not have been taken back any more."""
        with self._alone():
            return self._undoing.keep(plan)

    def caution(self) -> str:
        """What is to be said of the place where undo's secrets lie; "" for nothing."""
        return self._saved.caution()

    def purge(self) -> int:
        """Forget what undo needs of all plans; how many there were."""
        with self._alone():
            return self._undoing.purge()

    def take_back(self, plan: str) -> Report:
        """What a timer does: the inverse of that applied plan and nothing else (R15).

        The guard holds here, too. Raises Refused for a plan that is not armed, and what stands in
        the way; the journal then says that it was not taken back, and so does every session.
        """
        left = _FOR_CODES
        while True:
            with self._alone(_PATIENCE):
                applied = self._undoing.find(plan)
                if applied.armed_until is None:
                    raise Refused("It is to be kept, or was taken back: nothing was done.")
                try:
                    if left == _FOR_CODES:
                        self._undoing.tell(Entry("fired", applied.id, applied.title))
                        self._require_in_time(applied)
                    return self._taken_back(applied)
                except AuthTuiError as error:
                    seconds = float(error.seconds) if isinstance(error, TooSoon) else 0.0
                    if not 0 < seconds <= left:
                        self._not_taken_back(applied, type(error).__name__)
                        raise
            left -= seconds  # nobody is kept from changing or keeping something meanwhile
            if not self._waited(seconds):
                self._not_taken_back(applied, "it was ended before")
                raise Refused("It was ended before it could be taken back: nothing was done.")

    def _waited(self, seconds: float) -> bool:
        """False when somebody said stop before the time was over."""
        self._waiting = True
        try:
            while seconds > 0 and not self._stopping:
                self._pause(min(_SLICE, seconds))
                seconds -= _SLICE
            return not self._stopping
        finally:
            self._waiting = self._stopping = False

    def _require_in_time(self, applied: Applied) -> None:
        """Later it would be an undo that nobody types (R14)."""
        if self._undoing.missed(applied) and age_rule(applied, self._clock.now()).confirm:
            raise Refused(
                "Its time was over long ago, and it would give something back.",
                f"pve-auth-tui undo {applied.id} asks for what has to be typed then.",
            )

    def _taken_back(self, applied: Applied) -> Report:
        outlook = self._world.fresh()
        plan = self._made(self._undoing.inverse(applied), outlook.snapshot)
        require_possible(plan, outlook.node)
        if plan.refusal:
            raise Refused(plan.refusal, "It was not taken back: do it by hand.")
        report = self._applying.run(
            plan, outlook, reason="nobody kept it in time", stopped=lambda: self._stopping
        )
        if not report.ok:
            self._not_taken_back(applied, "not all of it is as it was")
        return report

    def _not_taken_back(self, applied: Applied, why: str) -> None:
        with suppress(AuthTuiError):
            outcome = f"was not taken back: {why}"
            self._undoing.tell(Entry("expired", applied.id, applied.title, outcome=outcome))


@contextmanager
def _held(saved: Saved, seconds: float) -> Iterator[None]:
    """Raises NothingRecords where there is no place for the lock, nor then for anything else."""
    within = saved.exclusively(seconds)
    try:
        within.__enter__()
    except Unwritable as error:
        told = f"Nothing can be written down, so nothing was changed: {error}"
        raise NothingRecords(told, error.hint) from error
    try:
        yield
    finally:
        within.__exit__(None, None, None)
