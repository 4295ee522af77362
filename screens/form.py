"""A form: fields, one sentence, and five keys that are the same in all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.events import Key

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from screens.commands import Back, Command, Commands
from screens.secrets import SecretScreen
from widgets.field import Answer, AnyField, Field, ManyEntry, SecretEntry, TextEntry
from widgets.form import Form
from widgets.lines import Rule, Sentence
from widgets.remarks_pane import Remarks, RemarksPane

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.core.userconfig import UserConfig
    from pve_auth_tui.services.plans import Report

_LAST = "That was the last field."
_KEPT: Final = "What was typed here before is back."
_NO_LETTERS = "Space and the arrows left and right change it. ^G helps."
_NO_KEY = "That key does nothing here. ^G helps."

OnDone = Callable[["Report | None"], None]

COMES_OF_IT: Final = "What comes of it"
"""A heading of remarks."""
UNCHANGED: Final = Line("Nothing is changed yet.")
NAMELESS: Final = Line("The plan of it stands here as soon as there is a name.")
"""Remarks on what cannot be a plan yet."""


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
    PANE: ClassVar[type[RemarksPane]] = RemarksPane

    def __init__(self, on_done: OnDone | None = None) -> None:
        """`on_done` hears of it when its plan was run."""
        super().__init__()
        self._on_done = on_done

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

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        """What the answers want, each of which its rule is content with."""
        raise NotImplementedError

    def review(self) -> None:
        """Every field's rule is content: make the plan. What it raises is told."""
        self.propose(self.intent(self.form.values))

    # --- what it knows -----------------------------------------------------------

    @property
    def known(self) -> Snapshot | None:
        return self.house.snapshot

    @property
    def picture(self) -> Snapshot:
        """What is known. Raises AuthTuiError where nothing was read yet."""
        if self.known is None:
            raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
        return self.known

    @property
    def config(self) -> UserConfig | None:
        """Users, groups, roles, pools; None where they were not read."""
        return self.known.access.value if self.known else None

    @property
    def now(self) -> float:
        """From which `+30d` counts. Raises AuthTuiError where nothing can be changed."""
        return self.house.workshop.clock.now()

    # --- what it shows -----------------------------------------------------------

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield Form(self.make_fields(), id="form")
        if self.REMARKS:
            yield self.PANE(self.REMARKS, self._ask_remarks, id="remarks")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one("#heading", Rule).show_parts(self.heading)
        self._at_first = self.form.values
        self._take_up()
        self.filled()
        self.form.focus_field(self.first_field)
        for pane in self.query(RemarksPane):
            pane.begin()

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

    @property
    def first_field(self) -> str:
        """Where the keys go at first; "" for the uppermost field."""
        return ""

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
            written = isinstance(self.form.focused, TextEntry | SecretEntry)
            self.say(_NO_KEY if written else _NO_LETTERS)
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
        for pane in self.query(RemarksPane):
            pane.follow()

    def answer_changed(self, ident: str) -> None:
        """A key changed what the field of that name holds."""

    @on(Field.Picks)
    def _picks(self, message: Field.Picks) -> None:
        message.stop()
        self.pick(message.field)

    def pick(self, field: Field[Any]) -> None:
        """The list of what the field could hold."""
        from screens.pick_many import PickManyScreen

        if isinstance(field, TextEntry):
            self._pick_one(field)
        elif isinstance(field, ManyEntry):

            def took(values: tuple[str, ...] | None) -> None:
                if values is not None:
                    field.choose(values)

            title = field.label_text
            self.app.push_screen(PickManyScreen(title, field.choices, field.value), took)

    def _pick_one(self, field: TextEntry) -> None:
        from screens.pick import PickScreen

        about = {choice.value: choice.about for choice in field.choices}

        def took(value: str | None) -> None:
            if value is not None:
                field.choose(self.picked(field, value))

        self.app.push_screen(PickScreen(field.label_text, list(about), about), took)

    def picked(self, field: TextEntry, value: str) -> str:
        """What a field is to hold when a value was picked for it."""
        return value

    # --- remarks -----------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        """What is worth knowing about these answers; runs in a worker. Errors are told there."""
        return ()

    def _ask_remarks(self) -> Remarks:
        return partial(self.remarks, self.form.values)

    def foreseen(self, intent: Intent) -> Sequence[Line]:
        """For `remarks`: the plan of it, in short. Raises AuthTuiError without a picture."""
        from pve_auth_tui.core.foreseen import foreseen

        return foreseen(intent, self.picture, self.now)

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
        if self._on_done is not None:
            self._on_done(report)
