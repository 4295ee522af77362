"""One line of text to change, over the lower part of a screen."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from pve_auth_tui.core.totp import description_problem
from widgets.field import Rule, TextEntry
from widgets.form import Form
from widgets.lines import KeyHint, KeyLine
from widgets.lines import Rule as Heading


class RenameScreen(ModalScreen[str | None]):
    """Answers the new text, or None for Esc and for one that is as it was.

    `rule` finds what is wrong with a text; `title` stands above, `done` beside `^O`.
    """

    CSS_PATH = "rename.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("ctrl+o", "take", "review", show=False),
    ]

    def __init__(
        self,
        label: str,
        before: str,
        rule: Rule[str] = description_problem,
        *,
        title: str = "",
        done: str = "review",
    ) -> None:
        super().__init__()
        self._label, self._before, self._rule = label, before, rule
        self._title = title or f"Another {label.lower()}"
        self._done = done

    def compose(self) -> ComposeResult:
        yield Heading(id="heading")
        yield Form([TextEntry("text", self._label, self._before, rule=self._rule)])
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(Heading).show_parts(self._title)
        self.query_one(KeyLine).show_hints([KeyHint("^O", self._done), KeyHint("esc", "back")])
        self.query_one(Form).focus_field()

    @on(Form.Ended)
    def action_take(self) -> None:
        form = self.query_one(Form)
        if form.check():
            text = str(form.field("text").value)
            self.dismiss(None if text == self._before else text)

    def action_leave(self) -> None:
        self.dismiss(None)
