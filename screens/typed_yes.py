"""A question whose answer is a typed word: nobody says yes to it with one key (R20)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from pve_auth_tui.core.listing import Line
from widgets.detail_pane import Paragraph
from widgets.field import TextEntry
from widgets.form import Form
from widgets.lines import KeyHint, KeyLine, Rule

YES: Final = "yes"


class YesScreen(ModalScreen[bool]):
    """Answers whether the word was typed; Esc is no. `sentences` say what somebody agrees to.

    `word`: what is to be typed, where a yes alone would not show that it was read (R21).
    """

    CSS_PATH = "typed_yes.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "no", show=False),
        Binding("ctrl+o", "take", "go on", show=False),
    ]

    def __init__(self, title: str, sentences: Sequence[str], word: str = YES) -> None:
        super().__init__()
        self._word = word
        self._title = title
        self._lines = tuple(Line(sentence) for sentence in sentences)

    def compose(self) -> ComposeResult:
        yield Rule(id="heading")
        yield Paragraph(self._lines, id="about")
        yield Form([TextEntry("word", f"Type {self._word}", rule=self._problem)])
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(Rule).show_parts(self._title)
        hints = [KeyHint("enter", f"go on, with {self._word} typed"), KeyHint("esc", "no")]
        self.query_one(KeyLine).show_hints(hints)
        self.query_one(Form).focus_field()

    def _problem(self, text: str) -> str:
        ok = text.strip() == self._word
        return "" if ok else f"Type {self._word}, or Esc for no. Nothing was sent."

    @on(Form.Ended)
    def action_take(self) -> None:
        if self.query_one(Form).check():
            self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(False)
