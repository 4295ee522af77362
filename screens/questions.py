"""Screens that answer a question: what is asked stands at the top, and can be asked otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.snapshot import Snapshot
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Recover, hints
from screens.pick import PickScreen
from widgets.lines import HeadLine, KeyHint, KeyLine, Rule, Sentence
from widgets.question import Question

Choices = Sequence[tuple[str, str]]
"""What could be answered, each with a few words about it."""

Show = Callable[[], None]
"""Shows what a worker has found; called on the screen's own thread."""


class SaveAnswer(Command["QuestionScreen"]):
    """Saves the answer to a file that only you can read."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def problem(cls, screen: QuestionScreen) -> str:
        return screen.why_nothing_to_keep()

    @classmethod
    def run(cls, screen: QuestionScreen) -> None:
        screen.save()


class ShowLines(Command["QuestionScreen"]):
    """Shows the lines for a shell that tell the same."""

    keys, shown, word, name = "c", "c", "commands", "commands"

    @classmethod
    def problem(cls, screen: QuestionScreen) -> str:
        return "" if screen.missing() is None else screen.not_asked()

    @classmethod
    def run(cls, screen: QuestionScreen) -> None:
        screen.show_lines()


class LeaveAnswer(Back):
    """Goes back to where the question was asked."""

    word = "back"


OF_QUESTIONS: Commands = tuple(
    command
    for command in EVERYWHERE
    if command is not Back and (command is Recover or not command.keys.isdigit())
)
"""What holds everywhere, without the digits of the lists: they take what carries them here."""


class QuestionScreen(BaseScreen):
    """Subclasses say what is asked, what could be answered, and work the answer out.

    `asked` has one text per question, "" for one that is open. `LABELS` are their names.
    """

    CSS_PATH = "questions.tcss"
    LABELS: ClassVar[tuple[str, ...]] = ()
    TITLE_TEXT: ClassVar[str] = ""

    @dataclass
    class Found(Message):
        """What a worker has found in a picture; `final`: that is the answer."""

        snapshot: Snapshot
        show: Show
        final: bool = True

    def __init__(self, *asked: str) -> None:
        super().__init__()
        self.asked = asked
        self._snapshot: Snapshot | None = None  # the one of which the answer speaks
        self._worked_on: Snapshot | None = None
        self._round = 0

    # --- what subclasses give ------------------------------------------------------------

    @property
    def heading(self) -> str:
        """What stands at the top."""
        return self.TITLE_TEXT

    def missing(self) -> int | None:
        """The first question that has to be answered and is not."""
        return next((at for at, answer in enumerate(self.asked) if not answer), None)

    def choices(self, index: int, snapshot: Snapshot) -> Choices:
        """What could be answered to a question."""
        raise NotImplementedError

    def as_typed(self, index: int) -> str:
        """What is said of a text that is not among the choices; "" where it is no answer."""
        return ""

    def typed(self, index: int, text: str) -> str:
        """What a text means as an answer, chosen or typed."""
        return text

    def show_questions(self) -> None:
        """Draw what is asked."""
        raise NotImplementedError

    def show_nothing(self, sentence: str) -> None:
        """There is no answer (yet), and why."""
        raise NotImplementedError

    def work_out(self, snapshot: Snapshot, asked: tuple[str, ...]) -> Show:
        """The answer; runs in a worker, so it changes nothing of the screen."""
        raise NotImplementedError

    def not_asked(self) -> str:
        """What to do while a question is open."""
        label = self.LABELS[self.missing() or 0]
        return f"Nothing is asked yet: Enter on {label} shows what to choose from."

    def why_nothing_to_keep(self) -> str:
        """Why there is nothing to save; "" when there is."""
        return "" if self.has_answer else "There is no answer yet."

    def lines(self) -> Sequence[str]:
        """Lines for a shell that tell the same."""
        raise NotImplementedError

    def export(self) -> Callable[[], str]:
        """What saves the answer and tells where; called in a worker."""
        raise NotImplementedError

    # --- opening ---------------------------------------------------------------------------

    def compose_questions(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        for index, label in enumerate(self.LABELS):
            yield Question(index, label)

    def compose_bottom(self) -> ComposeResult:
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one("#heading", Rule).show_parts(self.heading)
        self.focus_on(self.missing())
        self.begin()
        self.call_after_refresh(self._ask_for_missing)  # once this screen is there itself

    def _ask_for_missing(self) -> None:
        missing = self.missing()
        if missing is not None and self.house.snapshot is not None and self.is_current:
            self.pick(missing)

    def focus_on(self, index: int | None) -> None:
        """A question, or (None) what is below them."""
        if index is None:
            self.focus_answer()
        else:
            self.query_one(f"#question-{index}", Question).focus()

    def focus_answer(self) -> None:
        """Where the cursor is while everything is asked."""
        raise NotImplementedError

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """No lists here: they would need the digits."""

    def show_keys(self) -> None:
        on_question = isinstance(self.focused, Question)
        names = "/".join(label.lower() for label in self.LABELS)
        around = [KeyHint("tab", names)] if names else []
        own = self.own_hints()
        if on_question:
            own = [KeyHint("enter", "choose"), *(hint for hint in own if hint.key != "enter")]
        more = [hint for hint in hints(OF_QUESTIONS, self) if hint.word]
        self.query_one(KeyLine).show_hints([*around, *own, *more])

    def own_hints(self) -> list[KeyHint]:
        """Those of the screen itself, in its order."""
        return hints(tuple(one for one in self.OFFERS if one not in OF_QUESTIONS), self)

    def on_descendant_focus(self) -> None:
        self.show_keys()

    # --- asking ------------------------------------------------------------------------------

    @on(Question.Asked)
    def _pick_asked(self, message: Question.Asked) -> None:
        message.stop()
        self.pick(message.index)

    def pick(self, index: int) -> None:
        """The list of what could be answered."""
        snapshot = self.house.snapshot
        if snapshot is None:
            self.say("Nothing was read yet.")
            return
        about = dict(self.choices(index, snapshot))

        def took(text: str | None) -> None:
            if text is not None:
                self.answer(index, self.typed(index, text))

        picks = PickScreen(self.LABELS[index], list(about), about, self.as_typed(index))
        self.app.push_screen(picks, took)

    def answer(self, index: int, text: str) -> None:
        """Ask with another answer; then for what is still open."""
        self.asked = (*self.asked[:index], text, *self.asked[index + 1 :])
        self._worked_on = None
        self.say("")
        self.begin()
        missing = self.missing()
        if missing is not None and missing != index:
            self.focus_on(missing)
            self.pick(missing)
        elif missing is None:
            self.focus_answer()

    # --- answering -----------------------------------------------------------------------------

    @property
    def has_answer(self) -> bool:
        """Whether the answer to what is asked now is shown."""
        return self._snapshot is not None

    def begin(self) -> None:
        """Work out the answer to what is asked now."""
        self.show_questions()
        snapshot = self.house.snapshot
        if snapshot is None:
            self._snapshot = None
            self.show_nothing(" ".join(line.text for line in self.house.why_no_picture()))
        elif self.missing() is not None:
            self._snapshot = None
            self.show_nothing(self.not_asked())
        elif snapshot is not self._worked_on:
            if self._worked_on is None:
                self._snapshot = None
                self.show_nothing("...")
            self._worked_on = snapshot
            self._find_out(snapshot, self.asked)
        self.show_keys()

    @work(thread=True, exclusive=True, group="answer", exit_on_error=False)
    def _find_out(self, snapshot: Snapshot, asked: tuple[str, ...]) -> None:
        try:
            show = self.work_out(snapshot, asked)
        except AuthTuiError as error:
            sentence = f"{plain(str(error))} {plain(error.hint)}".strip()
            show = partial(self._tell_trouble, sentence)
        self.post_found(snapshot, show)

    def post_found(self, snapshot: Snapshot, show: Show, *, final: bool = True) -> None:
        """From a worker; what comes too late is dropped."""
        if not get_current_worker().is_cancelled:
            self.post_message(self.Found(snapshot, show, final))

    def _tell_trouble(self, sentence: str) -> None:
        self._snapshot = None
        self.show_nothing(sentence)

    @on(Found)
    def _show_found(self, message: Found) -> None:
        again = self._round != self.house.rounds and self._snapshot is not None
        if message.final:
            self._snapshot = message.snapshot
        self._round = self.house.rounds
        self.show_questions()
        message.show()
        self.show_keys()
        if again:
            self.say("Read again.")

    def snapshot_changed(self) -> None:
        self.refresh_head()
        if self.is_current:
            self.begin()

    def on_screen_resume(self) -> None:
        self.snapshot_changed()

    # --- keeping ---------------------------------------------------------------------------------

    def show_lines(self) -> None:
        """`c`"""
        from pve_auth_tui.core.listing import Line
        from screens.details import DetailsScreen

        lines = [Line(line) for line in self.lines()]
        self.app.push_screen(DetailsScreen(self.TITLE_TEXT, "Commands", lines))

    def save(self) -> None:
        """`f`"""
        self._save(self.export())

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, export: Callable[[], str]) -> None:
        try:
            sentence = f"Saved as {export()}"
        except AuthTuiError as error:
            sentence = f"{error} {error.hint}".strip()
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(partial(self.say, sentence))
