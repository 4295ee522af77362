"""Why somebody can or cannot do something: the verdict, what it rests on, what would change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.events import Key

from pve_auth_tui.core.aclpaths import about_path, known_paths, placed
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line, Row
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.astext import STEP_COLUMNS, fix_lines, step_rows, way_in_line
from pve_auth_tui.core.why.check import check_line
from pve_auth_tui.core.why.explain import explain
from pve_auth_tui.core.why.explanation import Explanation, Step
from pve_auth_tui.core.why.known import (
    about_subject,
    act_words,
    counted_subjects,
    known_acts,
    known_subjects,
    permission_lines,
)
from pve_auth_tui.core.why.whocan import who_can
from pve_auth_tui.core.words import listed
from screens.commands import Command, Commands
from screens.questions import (
    OF_QUESTIONS,
    Choices,
    LeaveAnswer,
    QuestionScreen,
    SaveAnswer,
    Show,
    ShowLines,
)
from widgets.answer import Answer
from widgets.lines import KeyHint
from widgets.question import Question

if TYPE_CHECKING:
    from pve_auth_tui.services.plans import Report

ANYTHING: Final = "anything"
_WHO, _DOES, _WHERE = range(3)


class TakeFix(Command["ExplainScreen"]):
    """Shows the plan of a way to allow it; the digits stand beside the ways."""

    keys, shown, word, name = "1,2,3,4,5,6,7,8,9", "1-9", "plan", "fix"

    @classmethod
    def problem(cls, screen: ExplainScreen) -> str:
        return screen.why_no_fix()

    @classmethod
    def run(cls, screen: ExplainScreen) -> None:
        screen.take_fix()


class ListWhoCan(Command["ExplainScreen"]):
    """Lists everybody who can do it there, with the reason."""

    keys, shown, word, name = "enter", "enter", "list who can", "who-can"

    @classmethod
    def run(cls, screen: ExplainScreen) -> None:
        _, privilege, where = screen.asked
        screen.who_can(privilege, where)


class CompareWith(Command["ExplainScreen"]):
    """Compares the rights of this user or API token with somebody else's."""

    keys, shown, word, name = "b", "b", "compare", "compare"

    @classmethod
    def problem(cls, screen: ExplainScreen) -> str:
        return "" if screen.asked[_WHO] else screen.not_asked()

    @classmethod
    def run(cls, screen: ExplainScreen) -> None:
        screen.compare(screen.asked[_WHO])


class ExplainScreen(QuestionScreen):
    """What is left empty is asked; an empty privilege stands for all of them."""

    OFFERS: ClassVar[Commands] = (
        TakeFix, ListWhoCan, CompareWith, LeaveAnswer, SaveAnswer, ShowLines, *OF_QUESTIONS,
    )  # fmt: skip
    LABELS = ("Who", "Does", "Where")
    TITLE_TEXT = "Explain permissions"

    def __init__(self, who: str = "", where: str = "/", privilege: str = "") -> None:
        super().__init__(who, privilege, where)
        self._everything_is_open = not (who or where or privilege)
        self._explanation: Explanation | None = None
        self._meant: Mapping[str, str] = {}  # what is offered -> privilege
        self._told = ""  # the row under the cursor
        self._row_said = ""  # what was said of it
        self._digit = 0
        self._who_can = ""
        self._check: Line | None = None  # None while PVE is being asked

    def compose(self) -> ComposeResult:
        yield from self.compose_questions()
        yield Answer(STEP_COLUMNS, id="answer")
        yield from self.compose_bottom()

    def focus_answer(self) -> None:
        self._answer.table.focus()

    @property
    def _answer(self) -> Answer:
        return self.query_one(Answer)

    # --- what is asked ---------------------------------------------------------------------

    def missing(self) -> int | None:
        """All of it is asked one after the other only where nothing was known."""
        who, privilege, where = self.asked
        if not who:
            return _WHO
        if self._everything_is_open and not privilege:
            return _DOES
        return None if where else _WHERE

    def choices(self, index: int, snapshot: Snapshot) -> Choices:
        if index == _WHO:
            return known_subjects(snapshot)
        if index == _WHERE:
            return known_paths(snapshot)
        acts = known_acts(snapshot, self.asked[_WHERE] or "/")
        self._meant = {ANYTHING: "", **{act.text: act.privilege for act in acts}}
        return [(ANYTHING, "all privileges"), *((act.text, act.about) for act in acts)]

    def as_typed(self, index: int) -> str:
        return "as it was typed" if index == _WHERE else ""

    def typed(self, index: int, text: str) -> str:
        if index == _DOES:
            self._everything_is_open = False  # `anything` is an answer, too
            return self._meant.get(text, text)
        return placed(text) if index == _WHERE else text

    def show_questions(self) -> None:
        who, privilege, where = self.asked
        snapshot, found = self.house.snapshot, self._explanation
        also = f"also: {listed(found.also)}" if found and found.subject == who else ""
        about = about_subject(snapshot, who) if snapshot else ""
        place = about_path(snapshot, where) if snapshot else ""
        words = act_words(privilege, where) if privilege and where else ""
        self._ask(_WHO, who, also if found and found.also else about)
        if privilege:
            self._ask(_DOES, words or privilege, "", privilege if words else "")
        else:
            self._ask(_DOES, ANYTHING, "", "all privileges")
        self._ask(_WHERE, where, place)

    def _ask(self, index: int, value: str, about: str, right: str = "") -> None:
        question = self.query_one(f"#question-{index}", Question)
        question.show(value or "Enter chooses", about, right)

    # --- the answer -------------------------------------------------------------------------

    def show_nothing(self, sentence: str) -> None:
        self._explanation, self._who_can, self._told = None, "", ""
        self._check = None
        self._answer.show_waiting(sentence)

    def work_out(self, snapshot: Snapshot, asked: tuple[str, ...]) -> Show:
        who, privilege, where = asked
        found = explain(snapshot, who, where, privilege, now=snapshot.taken_at)
        self.post_found(snapshot, partial(self._show, found))
        words = _who_can_words(snapshot, privilege, where)
        self.post_found(snapshot, partial(self._tell_more, words, None))
        return partial(self._tell_more, words, self._checked(found))

    def _checked(self, found: Explanation) -> Line:
        """PVE itself is asked; in a worker."""
        try:
            by_pve = self.house.by_pve(found.subject, found.path)
        except AuthTuiError as error:
            return check_line(found, None, str(error))
        return check_line(found, by_pve)

    def _show(self, found: Explanation) -> None:
        self._explanation = found
        self.show_questions()
        rows, table = _rows(found.steps), self._answer.table
        was_there = table.total > 0
        self._answer.show(
            (found.verdict, found.because), rows, _facts(found, self._who_can, self._check)
        )
        decides = next(
            (row.key for row, step in zip(rows, found.steps, strict=True) if step.counts), None
        )
        if decides and not was_there:
            table.go_to(decides)

    def row_moved(self) -> None:
        """A row that is cut is told in whole, once the cursor goes there."""
        table = self._answer.table
        row = table.row
        if row is None or row.key == self._told:
            return
        went, self._told = bool(self._told), row.key
        whole = "  ".join(row.cells) if table.is_cut and went else ""
        if whole or (self._row_said and self._sentence == self._row_said):
            self.say(whole)
        self._row_said = whole

    def _say_more_below(self) -> None:
        """What does not fit is not hidden in silence."""
        if self._answer.hides and not self._sentence:
            self.say("There is more below than fits: tab goes there, arrows scroll.")

    def _tell_more(self, who_can: str, check: Line | None) -> None:
        self._who_can, self._check = who_can, check
        if self._explanation:
            self._answer.show_facts(_facts(self._explanation, who_can, check))
            self.call_after_refresh(self._say_more_below)

    # --- fixes ------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """A digit takes what carries it."""
        if event.character and event.character.isdigit():
            self._digit = int(event.character)

    def own_hints(self) -> list[KeyHint]:
        """With the digits that are there."""
        number = len(self._explanation.fixes) if self._explanation else 0
        digits = "1" if number == 1 else f"1-{number}"
        own = super().own_hints()
        shown = [one._replace(key=digits) if one.key == TakeFix.shown else one for one in own]
        return [one for one in shown if number or one.key != digits]

    def why_no_fix(self) -> str:
        """Why a digit does nothing now; "" when it does."""
        fixes = self._explanation.fixes if self._explanation else ()
        if not fixes:
            return "There is nothing here that a digit would take."
        if not self._digit:
            return ""
        if self._digit > len(fixes):
            return f"There is no {self._digit} here."
        return self.house.why_no_change()

    def take_fix(self) -> None:
        """The plan of the fix whose digit was pressed."""
        found, digit, self._digit = self._explanation, self._digit, 0
        if found is None or not digit:
            self.say("The digits take the ways to allow it.")
            return
        self.house.review(found.fixes[digit - 1].intent, self._fixed)

    def _fixed(self, report: Report | None) -> None:
        """The picture is another one now, and the same is asked again when this is seen again."""
        if report is not None and not report.nothing_done:
            self.say("Done. This is the answer now.")

    # --- keeping ----------------------------------------------------------------------------

    def lines(self) -> Sequence[str]:
        who, _, where = self.asked
        return permission_lines(who, where)

    def export(self) -> Callable[[], str]:
        text = "\n".join(self._as_text()) + "\n"
        return partial(self.house.exports.save_text, "explain.txt", text)

    def _as_text(self) -> list[str]:
        found = self._explanation
        asked = [question.text for question in self.query(Question)]
        if found is None:
            return asked
        steps = [" ".join(f"{plain(cell):24}" for cell in row.cells) for row in _rows(found.steps)]
        facts = [
            f"{fact.heading:12} {plain(fact.text)}"
            for fact in _facts(found, self._who_can, self._check)
        ]
        said = [plain(found.verdict), plain(found.because)]
        return [*asked, "", *said, "", *(step.rstrip() for step in steps), "", *facts]


def _rows(steps: Sequence[Step]) -> list[Row]:
    return [
        Row(f"{at} {step.path} {step.entry} {step.role}", cells)
        for at, (step, cells) in enumerate(zip(steps, step_rows(steps), strict=True))
    ]


def _facts(found: Explanation, who_can: str, check: Line | None) -> list[Line]:
    """What stands below the table."""
    lines = [way_in_line(found)]
    if found.owner:
        lines.append(Line(found.owner.verdict, "Its user"))
    lines += fix_lines(found)
    if who_can:
        lines.append(Line(who_can, "Who can"))
    lines.append(check or Line("PVE is being asked ...", "Check"))
    return lines


def _who_can_words(snapshot: Snapshot, privilege: str, path: str) -> str:
    """`4 users and 1 token; enter lists them with the reason`; "" where no privilege is asked."""
    if not privilege:
        return ""
    holders = who_can(snapshot, privilege, path, now=snapshot.taken_at)
    subjects = [holder.subject for holder in holders]
    return f"{counted_subjects(subjects)}; enter lists them with the reason"
