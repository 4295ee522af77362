"""What the application needs to change things: make a plan, show it, run it, take it back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from textual import on, work
from textual.app import App
from textual.message import Message
from textual.timer import Timer

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.services.outlook import Outlook
from screens.drafts import Drafts
from screens.on_the_way import OnTheWay

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent, Plan
    from pve_auth_tui.core.recover.evidence import Recovered as RecoveredRecord
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.core.undo import Applied
    from pve_auth_tui.services.plans import Progress, Report
    from pve_auth_tui.services.recover import Recovers
    from pve_auth_tui.services.steps import OnProgress
    from pve_auth_tui.workshop import Workshop
    from screens.base import BaseScreen
    from screens.plan import PlanScreen

OnDone = Callable[["Report | None"], None]
OnProblem = Callable[[AuthTuiError], None]
OnAgreed = Callable[["Plan", str], None]
Carries = Callable[["Plan", str, "OnProgress"], "Report"]
"""Who carries a plan out in place of PlanService, in a worker: it gets the word that was typed."""
OpenWorkshop = Callable[[], "Workshop"]

_LONGEST_STEP: Final = 90.0  # seconds
_LATE: Final = 60.0  # seconds that taking back may take
_TICK: Final = 10.0  # seconds between two looks at a timer that runs


class Wanted(NamedTuple):
    """A change that somebody wants, who hears of it, and the screen on which it was asked for."""

    intent: Intent
    on_done: OnDone
    on_problem: OnProblem | None
    asked_on: BaseScreen
    agree: OnAgreed | None = None
    recovers: Recovers | None = None
    carries: Carries | None = None


class Changing(App[None]):
    """Mixin of the application. Plans are made and run in workers; screens are told in messages."""

    @dataclass
    class Made(Message):
        """A plan is there to be shown."""

        plan: Plan
        wanted: Wanted
        why_no_timer: str

    @dataclass
    class NotMade(Message):
        """None could be made, and why."""

        error: AuthTuiError
        wanted: Wanted

    @dataclass
    class Went(Message):
        """Steps of the running plan have begun, said something or ended."""

        told: OnTheWay

    @dataclass
    class Ran(Message):
        """The plan was run, to its end or not; what came of it."""

        report: Report

    @dataclass
    class NotRun(Message):
        """Nothing was done, and why."""

        error: AuthTuiError

    @dataclass
    class Failed(Message):
        """Something beside a plan could not be done, and why."""

        error: AuthTuiError

    @dataclass
    class Armed(Message):
        """What takes itself back unless it is kept."""

        changes: tuple[Applied, ...]
        kept: str = ""

    @dataclass
    class Recovered(Message):
        """What was done to get back in, and nobody has acknowledged."""

        recoveries: tuple[RecoveredRecord, ...]
        said: str = ""

    def prepare_changes(self, open_workshop: OpenWorkshop | None) -> None:
        """Once, before the application runs."""
        self._open_workshop = open_workshop
        self._workshop: Workshop | None = None
        self._opening = Lock()
        self._ended = Event()  # whoever carries a plan out
        self._ended.set()
        self._longest = _LONGEST_STEP  # seconds that its step, and a roll-back, may need
        self.drafts = Drafts()
        self.collected: list[Intent] = []
        self.is_collecting = False
        self.armed: tuple[Applied, ...] = ()
        self.recovered: tuple[RecoveredRecord, ...] = ()
        self._ticking: Timer | None = None

    @property
    def workshop(self) -> Workshop:
        """The services that change things; opened when first needed, by a worker."""
        with self._opening:
            if self._workshop is None:
                if self._open_workshop is None:
                    raise AuthTuiError("Nothing can be changed here.", "Start it on a node.")
                self._workshop = self._open_workshop()
            return self._workshop

    def on_unmount(self) -> None:
        """However the application ends, also by a mistake of its own: no other step starts."""
        self.stop_changing()

    def stop_changing(self) -> None:
        """The running step ends, no other starts."""
        if self._workshop is not None:
            self._workshop.plans.stop()

    def end_changes(self) -> None:
        """After the screens are gone: the running step ends, no other starts, and that is told."""
        workshop = self._workshop
        if workshop is None:
            return
        self.stop_changing()
        self._ended.wait(self._longest)
        workshop.plans.wait(_LONGEST_STEP)
        workshop.close()

    # --- a plan -------------------------------------------------------------------

    def review(
        self,
        intent: Intent,
        on_done: OnDone | None = None,
        on_problem: OnProblem | None = None,
        agree: OnAgreed | None = None,
        recovers: Recovers | None = None,
        *,
        carries: Carries | None = None,
    ) -> None:
        """Make a plan of what is wanted, and show it; while changes are collected, collect it.

        `on_done` gets the report when the plan was run, None when it was left. `on_problem` gets
        the reason when no plan can be made of it; without it the reason is said. Neither is
        called for a screen that was left before. With `agree` the plan is not run here and never
        collected: `agree` gets it, and the word that was typed, when somebody said yes to it.
        With `recovers` it is a way back in: never collected, and told to later sessions (R18).
        With `carries` it is of the node's operating system: never collected, run by that.
        """
        asked_on = self.house_screen
        wanted = Wanted(intent, on_done or _nothing, on_problem, asked_on, agree, recovers, carries)
        alone = agree is not None or recovers is not None or carries is not None
        self._make(wanted, collect=self.is_collecting and not alone)

    @work(thread=True, group="plan", exit_on_error=False)
    def _make(self, wanted: Wanted, *, collect: bool = False) -> None:
        self._make_now(wanted, collect=collect)

    def _make_now(self, wanted: Wanted, *, collect: bool = False) -> None:
        """In a worker."""
        try:
            outlook = self._known_outlook()
            if collect and _can_wait(wanted.intent, outlook.snapshot):
                from pve_auth_tui.core.planning import together

                together([*self.collected, wanted.intent])(outlook.snapshot)
                self.call_from_thread(self._collect, wanted)
            else:
                plan = self.workshop.plans.review(wanted.intent, outlook)
                why_no_timer = self.workshop.plans.why_no_timer()
                self.post_message(self.Made(plan, wanted, why_no_timer))
        except AuthTuiError as error:
            self.post_message(self.NotMade(error, wanted))

    def _known_outlook(self) -> Outlook:
        outlook = getattr(self, "outlook", None)
        if outlook is None:
            raise AuthTuiError("Nothing was read yet.", "r reads again.")
        return outlook  # type: ignore[no-any-return]

    @on(Made)
    def _show_plan(self, message: Made) -> None:
        from screens.plan import PlanScreen

        on_done = message.wanted.on_done
        if self._is_awaited(message.wanted):
            agree = message.wanted.agree
            recovers, carries = message.wanted.recovers, message.wanted.carries
            why = message.why_no_timer
            self.push_screen(
                PlanScreen(message.plan, on_done, why, agree, recovers, carries=carries)
            )

    @on(NotMade)
    def _tell_problem(self, message: NotMade) -> None:
        if message.wanted.on_problem is None:
            self.tell(message.error)
        elif self._is_awaited(message.wanted):
            message.wanted.on_problem(message.error)

    def _is_awaited(self, wanted: Wanted) -> bool:
        """Nobody gets a plan over a screen to which he has gone on meanwhile, nor at the end."""
        return wanted.asked_on in self.screen_stack and self.house_screen is wanted.asked_on

    @property
    def house_screen(self) -> BaseScreen:
        """The topmost screen that is no dialog."""
        raise NotImplementedError

    def tell(self, error: AuthTuiError) -> None:
        """One sentence and the next step, in the status line."""
        self._say(f"{plain(str(error))} {plain(error.hint)}".strip())

    def _say(self, sentence: str) -> None:
        raise NotImplementedError

    # --- several changes in one plan ------------------------------------------------

    def _collect(self, wanted: Wanted) -> None:
        self.collected.append(wanted.intent)
        self.refresh_heads()
        if self._is_awaited(wanted):
            wanted.on_done(None)  # a form leaves: it is said on the screen below
        self._say(f"{len(self.collected)} collected. :review shows the plan of all of them.")

    def turn_collecting(self) -> str:
        """Collect changes from now on, or no more; says what holds now."""
        self.is_collecting = not self.is_collecting
        if self.is_collecting:
            return "Changes are collected from now on. :review shows them as one plan."
        left = len(self.collected)
        self.collected.clear()
        return f"No longer collected.{f' {left} dropped.' if left else ''}"

    def review_collected(self) -> str:
        """Show the plan of everything collected; why not, or ""."""
        if not self.collected:
            return "Nothing is collected. :collect begins."
        from pve_auth_tui.core.planning import together

        intent = together(tuple(self.collected))
        self._make(Wanted(intent, self._collected_ran, None, self.house_screen))
        return ""

    def _collected_ran(self, report: Report | None) -> None:
        """Where nothing of it was done, it stays collected."""
        if report is not None and not report.nothing_done:
            self.collected.clear()
            self.is_collecting = False
            self.refresh_heads()
            self._say("Nothing is collected any more.")

    # --- running it ------------------------------------------------------------------

    @work(thread=True, group="apply", exit_on_error=False)
    def run_plan(
        self,
        plan: Plan,
        *,
        override: str = "",
        minutes: float = 0.0,
        recovers: Recovers | None = None,
        unrecorded: bool = False,
        carries: Carries | None = None,
    ) -> None:
        """Run it in a worker; the plan's screen hears of every step.

        `unrecorded`: a person has said that it goes on although nothing records it.
        """

        told = OnTheWay()

        def on_progress(progress: Progress) -> None:
            if told.add(progress):
                self._pass_on(self.Went(told))

        self._longest = _LONGEST_STEP + 2 * _seconds_of(plan)
        self._ended.clear()
        try:
            if carries is not None:
                report = carries(plan, override, on_progress)
            elif recovers is None:
                report = self.workshop.plans.apply(
                    plan, override=override, minutes=minutes, on_progress=on_progress
                )
            else:
                report = self.workshop.recover.apply(
                    plan,
                    userid=recovers.userid,
                    reason=recovers.reason,
                    override=override,
                    unrecorded=unrecorded,
                    on_progress=on_progress,
                )
        except AuthTuiError as error:
            self._pass_on(self.NotRun(error))
        else:
            self._pass_on(self.Ran(report))
            self._look_for_armed()
            if recovers is not None:
                self._look_for_recovered()
        finally:
            self._ended.set()

    def _pass_on(self, message: Message) -> None:
        """Nobody has to be there any more: the journal knows."""
        if self.is_running:
            self.post_message(message)

    @on(Went)
    def _tell_progress(self, message: Went) -> None:
        screen = self._plan_screen()
        for progress in message.told.take():
            if screen:
                screen.went(progress)

    @on(NotRun)
    def _tell_refusal(self, message: NotRun) -> None:
        if screen := self._plan_screen():
            screen.not_run(message.error)

    @on(Ran)
    def _take_report(self, message: Ran) -> None:
        self.took_picture(message.report)
        if screen := self._plan_screen():
            screen.ran(message.report)

    def _plan_screen(self) -> PlanScreen | None:
        from screens.plan import PlanScreen

        shown = (screen for screen in reversed(self.screen_stack))
        return next((screen for screen in shown if isinstance(screen, PlanScreen)), None)

    def took_picture(self, report: Report) -> None:
        """What was read back is the picture from now on."""
        raise NotImplementedError

    @property
    def is_changing(self) -> bool:
        """Whether a plan runs."""
        return self._workshop is not None and self._workshop.plans.busy

    # --- what takes itself back ---------------------------------------------------------

    @work(thread=True, group="armed", exit_on_error=False)
    def look_for_armed(self) -> None:
        """What earlier sessions left to be taken back or kept (R15)."""
        self._look_for_armed()

    def _look_for_armed(self, kept: str = "") -> None:
        if self._open_workshop is None:
            return
        try:
            self._pass_on(self.Armed(self.workshop.plans.armed(), kept))
        except AuthTuiError as error:  # a record that is broken, a journal that is full
            self._pass_on(self.Failed(error))

    # --- who got back in -----------------------------------------------------------------

    @work(thread=True, group="recovered", exit_on_error=False)
    def look_for_recovered(self) -> None:
        """What was done with Recover and nobody has acknowledged (R18)."""
        self._look_for_recovered()

    @work(thread=True, group="recovered", exit_on_error=False)
    def acknowledge_recovered(self) -> None:
        """Somebody has seen it: later sessions are not told any more."""
        try:
            count = self.workshop.recover.acknowledge()
        except AuthTuiError as error:
            self._pass_on(self.Failed(error))
        else:
            said = "Acknowledged." if count else "There is nothing to acknowledge."
            self._look_for_recovered(said)

    def _look_for_recovered(self, said: str = "") -> None:
        if self._open_workshop is None:
            return
        try:
            self._pass_on(self.Recovered(self.workshop.recover.unseen(), said))
        except AuthTuiError as error:  # a file that is broken
            self._pass_on(self.Failed(error))

    @on(Recovered)
    def _show_recovered(self, message: Recovered) -> None:
        self.recovered = message.recoveries
        if message.said:
            self._say(message.said)
        self.refresh_heads()

    @on(Failed)
    def _tell_failure(self, message: Failed) -> None:
        self.tell(message.error)

    @on(Armed)
    def _show_armed(self, message: Armed) -> None:
        before, self.armed = self.armed, message.changes
        over = {change.id for change in before} - {change.id for change in self.armed}
        if over and not message.kept:
            titles = ", ".join(plain(change.title) for change in before if change.id in over)
            self._say(f"Its time is over, see :journal: {titles}. Reading ...")
            self.reload()
        if self.armed and self._ticking is None:
            self._ticking = self.set_interval(_TICK, self._tick)
        elif not self.armed and self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if message.kept:
            self._say(message.kept)
        self.refresh_heads()

    def _tick(self) -> None:
        self.refresh_heads()
        self.look_for_armed()

    def time_left(self) -> str:
        """For line 1, until the first change takes itself back: `UNDO in 8 min, K keeps`.

        One whose time is over and that stands all the same was not taken back: the node was
        started anew, or had no quorum (R15).
        """
        ends = [change.armed_until for change in self.armed if change.armed_until is not None]
        if not ends:
            return ""
        seconds = min(ends) - self.workshop.clock.now()
        if seconds < -_LATE:
            return "NOT TAKEN BACK, K keeps, u undoes"
        left = f"{math.ceil(seconds / 60)} min" if seconds > 60 else f"{max(0, int(seconds))} s"
        return f"UNDO in {left}, K keeps"

    def reload(self) -> object:
        """Read everything anew."""
        raise NotImplementedError

    def refresh_heads(self) -> None:
        """Line 1 says how long is left."""
        raise NotImplementedError

    @work(thread=True, group="armed", exit_on_error=False)
    def keep_changes(self) -> None:
        """`K`: what would take itself back stays."""
        titles = []
        trouble = ""
        try:
            for change in self.armed:
                self.workshop.plans.keep(change.id)
                titles.append(plain(change.title))
        except AuthTuiError as error:
            trouble = f"{error} {error.hint}".strip()
        kept = f"Kept: {', '.join(titles)}." if titles else ""
        self._look_for_armed(f"{kept} {trouble}".strip())

    def undo(self, change: str = "") -> None:
        """`u`: the plan that takes that change back, the last one without an id."""
        self._make_undo(change, self.house_screen)

    @work(thread=True, group="plan", exit_on_error=False)
    def _make_undo(self, change: str, asked_on: BaseScreen) -> None:
        try:
            intent = self.workshop.plans.undo(change)
        except AuthTuiError as error:
            self._pass_on(self.Failed(error))
        else:
            self._make_now(Wanted(intent, _nothing, None, asked_on))


def _can_wait(intent: Intent, snapshot: Snapshot) -> bool:
    """A code is over in a minute, and no secret is held longer than it has to be."""
    return not any(getattr(step, "secrets", ()) for step in intent(snapshot).steps)


def _nothing(report: Report | None) -> None:
    """Nobody waits for it."""


def _seconds_of(plan: Plan) -> float:
    """The longest that one of its steps on the node may take: apt has a quarter of an hour."""
    from pve_auth_tui.core.plan import HostStep

    return max((step.seconds for step in plan.steps if isinstance(step, HostStep)), default=0.0)
