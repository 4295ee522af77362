"""A form: fields, one sentence, and five keys that are the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from screens.commands import Back, Command, Commands
from screens.secrets import SecretScreen
from widgets.detail_pane import DetailPane
from widgets.field import Answer, AnyField, Field, ManyEntry, SecretEntry, TextEntry
from widgets.form import Form
from widgets.lines import Rule, Sentence

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.services.plans import Report

_LAST = "That was the last field."
_KEPT: Final = "What was typed here before is back."
_NO_LETTERS = "Space and the arrows left and right change it. ^G helps."
_REST: Final = 0.2  # seconds after the last key until the remarks follow


class Review(Command["FormScreen"]):
    """Looks at everything that was typed, and shows the plan of it. Nothing is done yet."""

    keys, shown, word, name = "ctrl+o", "^O", "review", "review"

    @classmethod
    def run(cls, screen: FormScreen) -> None:
        screen.try_review()


class FieldHelp(Command["FormScreen"]):
    """Tells what the field is for."""

    keys, shown, word, name = "ctrl+g", "^G", "help", "help"

    @classmethod
    def run(cls, screen: FormScreen) -> None:
        screen.help_on_field()


class Reveal(Command["FormScreen"]):
    """Shows what was typed into a field that hides it, and hides it again."""

    keys, shown, word, name = "ctrl+r", "^R", "reveal", "reveal"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        return screen.why_not_reveal()

    @classmethod
    def run(cls, screen: FormScreen) -> None:
        screen.turn_secrets()


class PickFromList(Command["FormScreen"]):
    """Picks what could stand in the field from a list."""

    keys, shown, word, name = "ctrl+p", "^P", "pick", "pick"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        field = screen.form.focused if screen.query(Form) else None
        return "" if field and field.choices else "There is no list for this field."

    @classmethod
    def run(cls, screen: FormScreen) -> None:
        if field := screen.form.focused:
            screen.pick(field)


class LeaveForm(Back):
    """Leaves the form; what you typed is kept until the program ends."""

    word = "back"


OF_FORMS: Commands = (Review, FieldHelp, Reveal, LeaveForm)
OF_LONG_FORMS: Commands = (Review, PickFromList, FieldHelp, LeaveForm)
"""Of forms with lists to pick from, and no secret."""


class FormScreen(SecretScreen):
    """Subclasses give `heading`, `make_fields` and `review`; `draft` names what is kept.

    One that gives `remarks`, too, has them shown below its fields, after every key.
    """

    OFFERS: ClassVar[Commands] = OF_FORMS
    REMARKS: ClassVar[str] = ""
    """The heading of the remarks; "" for a form without any."""

    @dataclass
    class Remarked(Message):
        """What is worth knowing about the answers."""

        lines: Sequence[Line]

    @property
    def heading(self) -> str:
        """What the form is about."""
        raise NotImplementedError

    @property
    def draft(self) -> str:
        """The name under which answers are kept; "" for a form that keeps none."""
        return ""

    def make_fields(self) -> Sequence[AnyField]:
        """New fields with what they begin with."""
        raise NotImplementedError

    def review(self) -> None:
        """Every field's rule is content: make the plan. What it raises is told."""
        raise NotImplementedError

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield Form(self.make_fields(), id="form")
        if self.REMARKS:
            yield DetailPane(id="remarks")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self._resting: Timer | None = None
        self.query_one("#heading", Rule).show_parts(self.heading)
        self._at_first = self.form.values
        self._take_up()
        self.filled()
        self.form.focus_field()
        self._remark()

    def _take_up(self) -> None:
        """What was typed when the form was left, and whether others changed the same since."""
        kept = self.house.drafts.take_up(self.draft, self._at_first) if self.draft else None
        if kept is None:
            return
        self.form.fill(kept.answers)
        also = ", ".join(self.form.field(name).label_text for name in kept.changed)
        self.say(f"{_KEPT} Changed by others since: {also}." if also else _KEPT)

    def filled(self) -> None:
        """The fields hold what they begin with."""

    def _show_tabs(self, *, numbered: bool = False) -> None:
        """Digits are text here."""
        super()._show_tabs(numbered=False)

    def say(self, sentence: str) -> None:
        """In the status line; the fields' own lines are of the same kind."""
        self._sentence = sentence
        for status in self.query("#status").results(Sentence):
            status.show(sentence)

    def on_descendant_focus(self) -> None:
        self.show_keys()  # ^R works in some fields only

    def on_key(self, event: Key) -> None:
        """A letter on a field that takes none."""
        if event.is_printable and event.key not in self.active_bindings:
            self.say(_NO_LETTERS)
        event.prevent_default()  # what BaseScreen would say

    def action_command(self, name: str) -> None:
        """The lists' keys are bound on every screen; here they do nothing."""
        if self.command(name) is None:
            self.say(_NO_LETTERS)
        else:
            super().action_command(name)

    def try_review(self) -> None:
        """`^O`: the first problem, or what `review` does."""
        if not self.form.check():
            self.say("Nothing was sent. What is typed stays.")
            return
        try:
            self.review()
        except AuthTuiError as error:
            self.tell(error)

    def tell(self, error: AuthTuiError) -> None:
        """What went wrong and what to try, as one sentence."""
        self.say(f"{plain(str(error))} {plain(error.hint)}".strip())

    def help_on_field(self) -> None:
        field = self.form.focused
        self.say((field.help_text if field else "") or "There is no more to say about it.")

    # --- secrets ------------------------------------------------------------------

    def why_not_reveal(self) -> str:
        """Why `^R` has nothing to show; "" when it has."""
        secret = isinstance(self.form.focused, SecretEntry) if self.query(Form) else False
        return "" if secret else "Nothing is hidden in this field."

    def turn_secrets(self) -> None:
        """`^R`: show what is hidden, or hide what is shown."""
        if self.secrets_are_shown:
            self.put_away()
        else:
            self.wants_secrets()

    @property
    def secrets_are_shown(self) -> bool:
        fields = self.form.fields
        return any(isinstance(field, SecretEntry) and field.revealed for field in fields)

    def show_secrets(self) -> None:
        if isinstance(self.form.focused, SecretEntry):
            self.form.focused.reveal(yes=True)

    def hide_secrets(self) -> None:
        for field in self.form.fields:
            if isinstance(field, SecretEntry):
                field.reveal(yes=False)

    # --- what fields say -------------------------------------------------------------

    @on(Form.Ended)
    def _last_field(self) -> None:
        review = next(command for command in self.OFFERS if "ctrl+o" in command.keys)
        self.say(f"{_LAST} {review.shown}: {review.word}.")

    @on(Field.Changed)
    def _edited(self, message: Field.Changed) -> None:
        message.stop()
        self.say("")
        self.answer_changed(message.field.ident)
        if self.draft:  # with what the answer did to other fields
            self.house.drafts.keep(self.draft, self.form.values, self._at_first)
        self._remark_when_at_rest()

    def answer_changed(self, ident: str) -> None:
        """A key changed what the field of that name holds."""

    @on(Field.Picks)
    def _picks(self, message: Field.Picks) -> None:
        message.stop()
        self.pick(message.field)

    def pick(self, field: Field[Any]) -> None:
        """The list of what the field could hold."""
        from screens.pick_many import PickManyScreen

        def took(values: tuple[str, ...] | None) -> None:
            if values is None:
                return
            if isinstance(field, ManyEntry):
                field.choose(values)

        if isinstance(field, ManyEntry):
            title = field.label_text
            self.app.push_screen(PickManyScreen(title, field.choices, field.value), took)
        elif isinstance(field, TextEntry):
            self._pick_one(field)

    def _pick_one(self, field: TextEntry) -> None:
        from screens.pick import PickScreen

        about = {choice.value: choice.about for choice in field.choices}

        def took(value: str | None) -> None:
            if value is not None:
                field.choose(value)

        self.app.push_screen(PickScreen(field.label_text, list(about), about), took)

    # --- remarks -----------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        """What is worth knowing about these answers; runs in a worker. Errors are told there."""
        return ()

    def _remark_when_at_rest(self) -> None:
        if self._resting is None:
            self._resting = self.set_timer(_REST, self._remark)
        else:
            self._resting.reset()

    def _remark(self) -> None:
        self._resting = None
        if self.REMARKS:
            self._make_remarks(self.form.values)

    @work(thread=True, exclusive=True, group="remarks", exit_on_error=False)
    def _make_remarks(self, answers: Mapping[str, Answer]) -> None:
        try:
            lines = self.remarks(answers)
        except AuthTuiError as error:
            lines = [Line(f"{error} {error.hint}".strip(), word="BAD")]
        if not get_current_worker().is_cancelled:
            self.post_message(self.Remarked(lines))

    @on(Remarked)
    def _show_remarks(self, message: Remarked) -> None:
        for pane in self.query("#remarks").results(DetailPane):
            pane.show(self.REMARKS, message.lines)

    # --- the plan ------------------------------------------------------------------------

    def propose(self, intent: Intent) -> None:
        """Show the plan of what was typed; when it has been run, the form is done and leaves."""
        self.house.review(intent, self._proposed, self.tell)

    def _proposed(self, report: Report | None) -> None:
        if report is None and not self.house.is_collecting:
            self.say("Nothing was changed. What is typed stays.")
        elif report is not None and report.nothing_done:
            self.say("Nothing was changed; the plan said why. What is typed stays.")
        elif report is not None and not report.ok:
            self.say("Not all went as planned. What is typed stays; Esc leaves it.")
        else:
            if self.draft:
                self.house.drafts.drop(self.draft)
            self.dismiss_form(report)

    def dismiss_form(self, report: Report | None) -> None:
        """Its plan has been run (or, with None, was collected)."""
        self.app.pop_screen()
