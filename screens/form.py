"""A form: fields, one sentence, and five keys that are the same in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Key

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.plain import plain
from screens.commands import Back, Command, Commands
from screens.secrets import SecretScreen
from widgets.field import AnyField, Field, SecretEntry
from widgets.form import Form
from widgets.lines import Rule, Sentence

_LAST = "That was the last field."
_NO_LETTERS = "Space and the arrows left and right change it. ^G helps."


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


class LeaveForm(Back):
    """Leaves the form; what you typed is kept until the program ends."""

    word = "back"


OF_FORMS: Commands = (Review, FieldHelp, Reveal, LeaveForm)


class FormScreen(SecretScreen):
    """Subclasses give `heading`, `make_fields` and `review`; `draft` names what is kept."""

    OFFERS: ClassVar[Commands] = OF_FORMS

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
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one("#heading", Rule).show_parts(self.heading)
        if self.draft:
            self.form.fill(self.house.drafts.of(self.draft))
        self.filled()
        self.form.focus_field()

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
        if self.draft:
            self.house.drafts.keep(self.draft, self.form.values)
        self.say("")
        self.answer_changed(message.field.ident)

    def answer_changed(self, ident: str) -> None:
        """A key changed what the field of that name holds."""
