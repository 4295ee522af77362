"""Why somebody gets back in this way: asked before every plan of Recover (R18)."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets.input import Selection

from widgets.field import TextEntry
from widgets.form import Form
from widgets.lines import KeyHint, KeyLine, Rule

LONGEST: Final = 200  # characters: the reason stands in one line of the journal


def reason_problem(text: str) -> str:
    """What is wrong with a reason, as one sentence; "" when nothing is."""
    if not text.strip():
        return "Say why in a few words: it stands in the journal, and later sessions are told."
    if len(text) > LONGEST:
        return f"At most {LONGEST} characters."
    return ""


class ReasonScreen(ModalScreen[str | None]):
    """Answers the reason, or None for Esc. What is proposed is selected: Enter takes it, and
    whoever types writes over it.
    """

    CSS_PATH = "recover_reason.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("ctrl+o", "take", "go on", show=False),
    ]

    def __init__(self, title: str, proposed: str) -> None:
        super().__init__()
        self._title, self._proposed = title, proposed

    def compose(self) -> ComposeResult:
        yield Rule(id="heading")
        yield Form([TextEntry("reason", "Reason", self._proposed, rule=reason_problem)])
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(Rule).show_parts(self._title)
        hints = [KeyHint("enter", "shows the plan"), KeyHint("esc", "back")]
        self.query_one(KeyLine).show_hints(hints)
        self.query_one(Form).focus_field()
        control = self.query_one(TextEntry).control
        control.selection = Selection(len(control.value), 0)  # so that its beginning is seen

    @on(Form.Ended)
    def action_take(self) -> None:
        form = self.query_one(Form)
        if form.check():
            self.dismiss(str(form.field("reason").value).strip())

    def action_leave(self) -> None:
        self.dismiss(None)
