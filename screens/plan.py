"""A plan, before it is run, while it runs, and what came of it. The only screen that applies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError, NothingRecords
from pve_auth_tui.core.host.stopping import GOES_BACK, ORDINARY, when_stopped, while_it_runs
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Plan, Step, Weight
from pve_auth_tui.core.plantext import command_text, plan_heading, plan_text
from pve_auth_tui.services.reporttext import progress_text, report_text, trouble_text
from screens.base import BaseScreen
from screens.commands import Back, Command, Commands, Keep, hints
from screens.on_the_way import MOST
from widgets.lines import HeadLine, KeyHint, KeyLine, OneLine, Rule, Sentence
from widgets.text_field import TextField
from widgets.text_view import TextView

if TYPE_CHECKING:
    from pve_auth_tui.changing import Carries
    from pve_auth_tui.services.plans import Progress, Report
    from pve_auth_tui.services.recover import Recovers

_LISTENS: Final = 0.5  # seconds after it was opened; what came before was meant for another screen
_LEFT_ALONE: Final = 300.0  # seconds until a plan goes back to its form
_DRAWS: Final = 0.05  # seconds for which lines of a running step are gathered
_TRY: Final = 10.0  # minutes that `m` waits until it takes the change back
_ALL: Final = 100_000  # commands behind `c`
_ONE_LINE: Final = 1_000_000  # cells: a command is never two lines there
_MORE: Final = "PgDn shows more. "
_PAGE_FIRST: Final = "This plan is HEAVY: page through it to the end first (PgDn)."
_UNRECORDED: Final = "yes"  # typed, it runs although nothing records it (R16)


class Run(Command["PlanScreen"]):
    """Runs the plan."""

    keys, shown, word, name = "y", "y", "run", "run"

    @classmethod
    def problem(cls, screen: PlanScreen) -> str:
        return screen.why_not_run()

    @classmethod
    def run(cls, screen: PlanScreen) -> None:
        screen.start(0.0)


class Try(Command["PlanScreen"]):
    """Runs the plan; it is taken back after 10 minutes unless you keep it with K."""

    keys, shown, word, name = "m", "m", "run, undone in 10 min unless kept", "try"

    @classmethod
    def problem(cls, screen: PlanScreen) -> str:
        return screen.why_not_run() or screen.why_not_try()

    @classmethod
    def run(cls, screen: PlanScreen) -> None:
        screen.start(_TRY)


class Lines(Command["PlanScreen"]):
    """Shows all commands, as a person would type them."""

    keys, shown, word, name = "c", "c", "commands", "commands"

    @classmethod
    def run(cls, screen: PlanScreen) -> None:
        screen.show_commands()


class SavePlan(Command["PlanScreen"]):
    """Saves the plan to a file that only you can read."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def run(cls, screen: PlanScreen) -> None:
        screen.save()


class UndoThis(Command["PlanScreen"]):
    """When it has been run: shows the plan that takes it back."""

    keys, shown, word, name = "u", "u", "", "undo"

    @classmethod
    def problem(cls, screen: PlanScreen) -> str:
        return screen.why_no_undo()

    @classmethod
    def run(cls, screen: PlanScreen) -> None:
        screen.undo()


class WhatIf(Command["PlanScreen"]):
    """Shows who gains and who loses which rights by it, of everybody. Nothing is done."""

    keys, shown, word, name = "w", "w", "who", "what-if"

    @classmethod
    def problem(cls, screen: PlanScreen) -> str:
        return screen.why_no_what_if()

    @classmethod
    def run(cls, screen: PlanScreen) -> None:
        screen.show_what_if()


class LeavePlan(Back):
    """Goes back; what you typed is kept. While it runs: the running step ends, no other starts."""

    word = "back"


class PlanScreen(BaseScreen):
    """`on_done` gets the report when it was run, None when it was left. `why_no_timer`: why `m` is
    not possible here. With `agree` the plan is only agreed to here, and whoever gives that runs it
    (a security key has to be there): it gets the plan and the word that was typed. `recovers`:
    the plan is a way back in. `carries`: it is of the node's operating system, and run by that.
    """

    CSS_PATH = "plan.tcss"
    OFFERS: ClassVar[Commands] = (
        Run, Try, WhatIf, Lines, SavePlan, LeavePlan, UndoThis, Keep,
    )  # fmt: skip

    def __init__(
        self,
        plan: Plan,
        on_done: Callable[[Report | None], None],
        why_no_timer: str = "",
        agree: Callable[[Plan, str], None] | None = None,
        recovers: Recovers | None = None,
        *,
        carries: Carries | None = None,
    ) -> None:
        super().__init__()
        self._plan = plan
        self._why_no_timer = why_no_timer
        self._on_done = on_done
        self._agree = agree
        self._recovers = recovers
        self._carries = carries
        self._opened = monotonic()
        self._alone: Timer | None = None
        self._runs = False
        self._report: Report | None = None
        self._told: list[str] = []
        self._step: Step | None = None  # that runs
        self._heard = 0  # lines of it at the end of what is told
        self._due = False  # a drawing is
        self._stops = False  # somebody said so
        self._goes_back = False  # it is being taken back, which nobody stops
        self._read_to_end = False
        self._minutes = 0.0
        self._override = ""
        self._wanted_word = ""  # what has to be typed now
        self._unrecorded = False

    @property
    def plan(self) -> Plan:
        return self._plan

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        yield TextView(self._text, id="text")
        yield OneLine(id="ask")
        yield TextField(id="typed")
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self._show_plan(self._sentence_of_plan())
        self.query_one(TextView).focus()
        self.set_timer(_LISTENS, self.show_keys)

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """A plan has no lists to go to."""

    def _show_plan(self, sentence: str) -> None:
        self.query_one(Rule).show_parts(*plan_heading(self._plan))
        self._ask_nothing()
        self._read_to_end = False
        self.query_one(TextView).show(self._text)
        self.say(sentence)
        self.call_after_refresh(self._say_more_below, sentence)
        self._be_alone()

    def _say_more_below(self, sentence: str) -> None:
        """A plan that does not fit says so: its end tells what does not come back."""
        if self._sentence == sentence and self.query_one(TextView).hidden_below:
            self.say(f"{_MORE}{sentence}")

    @on(TextView.EndReached)
    def _at_the_end(self) -> None:
        """What asked to read on is done, unless other lines have come since."""
        if self.query_one(TextView).hidden_below:
            return
        if self._sentence == _PAGE_FIRST:
            self.say(self._sentence_of_plan())
        elif self._sentence.startswith(_MORE):
            self.say(self._sentence.removeprefix(_MORE))

    def _sentence_of_plan(self) -> str:
        if self._plan.weight is Weight.HEAVY:
            return "HEAVY: y asks you to type a word. Enter does nothing. Esc goes back."
        if self._agree:
            return "y goes on to the key, and nothing is sent before. Esc goes back."
        return "y runs it. Enter does nothing. Esc goes back; what you typed is kept."

    def _text(self, width: int) -> list[str]:
        if self._told:
            return self._told
        return plan_text(self._plan, width)

    # --- may it run -------------------------------------------------------------------

    def why_not_run(self) -> str:
        """One sentence, or ""."""
        if self._report is not None:
            undo = ", u takes it back" if self._report.undoable else ""
            return f"It has been run. Esc goes back{undo}."
        if self._runs:
            return "It runs."
        if monotonic() - self._opened < _LISTENS:
            return "A plan listens half a second after it is shown."
        if problem := self._why_no_change():
            return problem
        if self._plan.weight is Weight.HEAVY and not self._seen_whole():
            return _PAGE_FIRST
        return ""

    def _why_no_change(self) -> str:
        """A way back in may have steps that need neither quorum nor PVE's API; what is done to the
        node's operating system needs neither.
        """
        if (self._recovers is None and self._carries is None) or self.house.node is None:
            return self.house.why_no_change()
        from pve_auth_tui.services.admission import why_not

        problem = why_not(self._plan.steps, self.house.node)
        return f"Nothing can be changed now: {problem}." if problem else ""

    def why_not_try(self) -> str:
        """Why it cannot take itself back; or ""."""
        if self._recovers is not None:
            return "What gets somebody back in does not take itself back."
        if self._carries is not None:
            return "What is done to the node's operating system does not take itself back."
        if self._agree:
            return "A key that is enrolled does not take itself back; u removes it."
        if not self._plan.back.steps:
            return "This cannot be taken back, so it cannot take itself back."
        return self._why_no_timer

    def _seen_whole(self) -> bool:
        self._read_to_end = self._read_to_end or self.query_one(TextView).hidden_below == 0
        return self._read_to_end

    def why_no_undo(self) -> str:
        """Why it cannot be taken back from here; or ""."""
        if self._report is None:
            return "It has not been run."
        return "" if self._report.undoable else "Nothing of it can be taken back."

    def show_keys(self) -> None:
        """Those that mean something now: before, while it runs, afterwards."""
        if self._report is None and not self._runs:
            if self.query_one(TextField).display:
                asked = KeyHint("enter", "run"), KeyHint("esc", "back to the plan")
                self.query_one(KeyLine).show_hints(asked)
            else:
                alone = self._agree or self._recovers or self._carries
                can_try = self._plan.back.steps and not alone
                offers = [one for one in self.OFFERS if one is not Try or can_try]
                self.query_one(KeyLine).show_hints(hints(tuple(offers), self))
            return
        keys = [KeyHint("esc", "stop" if self._runs else "back")]
        if self._report is not None and self._report.undoable:
            keys.append(KeyHint("u", "take back"))
        if self.house.armed:
            keys.insert(0, KeyHint("K", "keep"))
        self.query_one(KeyLine).show_hints(keys)

    # --- running -------------------------------------------------------------------------

    def start(self, minutes: float) -> None:
        """Run it, or ask for the word first."""
        self._minutes = minutes
        if self._plan.weight is not Weight.HEAVY:
            self._begin("")
            return
        self._ask_for(plain(self._plan.confirm), "to run it")
        self.say("Nothing is done before the word is typed. Esc goes back to the plan.")

    def _ask_for(self, word: str, what_for: str) -> None:
        self._wanted_word = word
        ask = self.query_one("#ask", OneLine)
        ask.show(f"Type  {word}  and Enter {what_for}:")
        field = self.query_one(TextField)
        ask.display = field.display = True
        field.value = ""
        field.focus()
        self.show_keys()

    def _ask_nothing(self) -> None:
        self.query_one("#ask").display = self.query_one(TextField).display = False
        self.query_one(TextView).focus()

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() != self._wanted_word:
            self.say("That is not the word, so nothing was done. Esc leaves the field.")
            return
        self._ask_nothing()
        self._begin(self._override if self._unrecorded else self._plan.confirm)

    def _begin(self, override: str) -> None:
        if self._alone:
            self._alone.stop()
        if self._agree:
            self.app.pop_screen()
            self._agree(self._plan, override)
            return
        self._runs, self._override = True, override
        self._told = ["Reading the node anew: is everything still as the plan says? ..."]
        self._show_told()
        self.show_keys()
        self.say(ORDINARY)
        self.house.run_plan(
            self._plan,
            override=override,
            minutes=self._minutes,
            recovers=self._recovers,
            unrecorded=self._unrecorded,
            carries=self._carries,
        )

    def went(self, progress: Progress) -> None:
        """A step has begun, said something, or ended."""
        self._told.append(progress_text(progress))
        if progress.line:
            self._heard += 1
            if self._heard > MOST:  # a flood: its last lines tell most
                del self._told[-self._heard]
                self._heard -= 1
        else:
            self._heard = 0
            if progress.state.value == "runs" and progress.step is not self._step:
                self._step = progress.step
                if not (self._stops or self._goes_back):
                    self.say(while_it_runs(progress.step))
        self._draw_soon()

    def _draw_soon(self) -> None:
        """Once for all that comes at a time: a tool may print faster than a terminal draws."""
        if not self._due:
            self._due = True
            self.set_timer(_DRAWS, self._draw)

    def _draw(self) -> None:
        self._due = False
        if self._runs:
            self._show_told()

    def goes_on(self, sentence: str) -> None:
        """Whoever carries it out says what comes now, such as that it is rolled back."""
        self._told.append(plain(sentence))
        self._heard, self._goes_back = 0, True
        self._show_told()
        self.say(GOES_BACK)

    def ran(self, report: Report) -> None:
        """It was run, to its end or not."""
        self._runs, self._report = False, report
        title = plain(self._plan.title)
        ended = "Stopped" if report.stopped else "Done" if report.ok else "NOT as planned"
        self.query_one(Rule).show_parts(f"{ended}: {title}")
        self._told = report_text(report, max(20, self.query_one(TextView).size.width - 2))
        self._show_told()
        sentence = self._sentence_of(report)
        self.say(sentence)
        self.call_after_refresh(self._say_more_below, sentence)
        self.show_keys()

    def _sentence_of(self, report: Report) -> str:
        if report.nothing_done:
            why = "You stopped it" if report.stopped else "It failed: see above"
            return f"{why}. Nothing was changed. Esc leaves."
        if report.stopped:
            return "You stopped it: above stands what was done, and what was not. Esc leaves."
        if not report.ok:
            return "Not everything went as planned: see above. Esc leaves."
        if report.deadline is not None:
            return "Done. It is taken back by itself unless you press K. Esc leaves."
        if report.told_once:
            return "Done. PVE told a secret that it never tells again: Esc goes on to it."
        if report.is_of_node:
            return "Done, and the node was looked at after every step. Esc leaves."
        undo = " u takes it back." if report.undoable else ""
        return f"Done, and PVE now says what was foretold.{undo} Esc leaves."

    def not_run(self, error: AuthTuiError) -> None:
        """Nothing was done, and why; perhaps there is another plan now."""
        from pve_auth_tui.services.plans import PlanChanged

        self._runs, self._told = False, []
        said_yes, self._unrecorded = self._unrecorded, False
        if isinstance(error, PlanChanged):
            self._plan, self._opened = error.plan, monotonic()
            self._show_plan("Somebody changed something meanwhile: this is the plan made anew.")
            self.set_timer(_LISTENS, self.show_keys)
        else:
            self._told = trouble_text(error, max(20, self.query_one(TextView).size.width - 2))
            self._show_told()
            self.say("Nothing was done. Esc goes back.")
            if isinstance(error, NothingRecords) and self._recovers and not said_yes:
                self._ask_to_go_on()
        self.show_keys()

    def _ask_to_go_on(self) -> None:
        """A way back in may be needed most where nothing can be written any more (R16)."""
        self._unrecorded = True
        self._ask_for(_UNRECORDED, "to go on although nothing records it")
        self.say("Nothing was done. Esc goes back. Going on is NOT RECORDED: write it down.")

    def _show_told(self) -> None:
        view = self.query_one(TextView)
        view.show(self._text)
        view.action_to(-1 if self._runs else 0)

    def undo(self) -> None:
        """`u`, afterwards: this change, whatever came after it."""
        report = self._report
        self.step_back()
        if report is not None:
            self.house.undo(report.id)

    @property
    def waits_to_be_seen(self) -> bool:
        """Behind its report there may be keys that PVE tells once."""
        return self._report is not None and not self._report.nothing_done

    # --- the rest ----------------------------------------------------------------------

    def commands(self) -> list[str]:
        """All of them as lines for a shell, however many."""
        return [text.strip() for text in command_text(self._plan, _ONE_LINE, most=_ALL)]

    def show_commands(self) -> None:
        """`c`"""
        from pve_auth_tui.core.listing import Line
        from screens.details import DetailsScreen

        lines = [Line(text) for text in self.commands()]
        self.app.push_screen(DetailsScreen("Plan", "Commands", lines))

    def why_no_what_if(self) -> str:
        """Why it is not asked what it would change; "" when it can be."""
        if self._runs or self._report is not None:
            return "That can be asked before a plan is run."
        return ""

    def show_what_if(self) -> None:
        """`w`"""
        from screens.what_if import WhatIfScreen

        self.app.push_screen(WhatIfScreen(self._plan))

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def save(self) -> None:
        """`f`: the plan as text."""
        text = "\n".join(plan_text(self._plan, 100, most=_ALL)) + "\n"
        try:
            where = self.house.exports.save_text("plan.txt", text)
            sentence = f"Saved as {where}"
        except AuthTuiError as error:
            sentence = f"{error} {error.hint}".strip()
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(partial(self.say, sentence))

    def _be_alone(self) -> None:
        """A plan left alone goes back to its form: the node has moved on meanwhile."""
        if self._alone:
            self._alone.stop()
        self._alone = self.set_timer(_LEFT_ALONE, self._go_back)

    def _go_back(self) -> None:
        if self.is_current and not self._runs and self._report is None:
            self.step_back()
            self.house.say(
                "The plan was left alone for five minutes and is closed; nothing was done."
            )

    def on_screen_resume(self) -> None:
        """Somebody has come back from what only shows."""
        if not self._runs and self._report is None:
            self._be_alone()

    def on_key(self, event: Key) -> None:
        """Somebody is there."""
        if not self._runs and self._report is None:
            self._be_alone()
            self.call_after_refresh(self.show_keys)

    def step_back(self) -> None:
        """Esc: out of the field, or back; a running plan ends after its step."""
        if self._runs:
            if self._goes_back:
                self.say(GOES_BACK)
                return
            self._stops = True
            self.house.stop_changing()
            self.say(when_stopped(self._step))
            return
        if self.query_one(TextField).display:
            self._ask_nothing()
            if self._unrecorded:
                self._unrecorded, self._told = False, []
                self.query_one(TextView).show(self._text)
            self.say(self._sentence_of_plan())
            self.show_keys()
            return
        self.app.pop_screen()
        once = self._report.told_once if self._report else ()
        if not once:
            self._on_done(self._report)
            return
        from screens.once import OnceScreen

        self.app.push_screen(OnceScreen(once, partial(self._on_done, self._report)))
