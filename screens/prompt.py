"""`:`: one line to go anywhere by name, with completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input

from pve_auth_tui.core.plain import plain
from widgets.lines import OneLine
from widgets.text_field import TextField

if TYPE_CHECKING:
    from screens.base import BaseScreen

_SHOWN = 12


def completions(text: str, words: list[str]) -> list[str]:
    """The words that begin with `text`, then those that contain it, in their own order."""
    wanted = text.casefold()
    begin, inside = [], []
    for word in words:
        folded = word.casefold()
        if folded.startswith(wanted):
            begin.append(word)
        elif wanted in folded:
            inside.append(word)
    return begin + inside


class PromptScreen(ModalScreen[str | None]):
    """Answers the words, or None for Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("tab,down", "complete(1)", "complete", show=False, priority=True),
        Binding("shift+tab,up", "complete(-1)", show=False, priority=True),
    ]

    def __init__(self, screen: BaseScreen) -> None:
        super().__init__()
        self._words = screen.words_for_prompt()
        self._names: list[str] = []
        self._house = screen.house
        self._typed = ""
        self._at = -1

    def compose(self) -> ComposeResult:
        yield OneLine(id="offer")
        with Horizontal(id="prompt"):
            yield OneLine(":", id="sign")
            yield TextField(id="words")

    def on_mount(self) -> None:
        # Spelled out, as they are offered: a name must not look like another one in the field.
        self._names = [plain(name) for name in self._house.names_for_prompt()]
        self.query_one(Input).focus()
        self._offer("")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        found = self._found()
        if not (self._at >= 0 and self._at < len(found) and found[self._at] == event.value):
            self._typed, self._at = event.value, -1
            self._offer(event.value)

    def _found(self) -> list[str]:
        return completions(self._typed, self._words + (self._names if self._typed else []))

    def _offer(self, text: str) -> None:
        found = completions(text, self._words + (self._names if text else []))
        more = f"  and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        offer = "  ".join(found[:_SHOWN]) + more if found else "Enter looks for it everywhere."
        self.query_one("#offer", OneLine).show(offer)

    def action_complete(self, step: int) -> None:
        if found := self._found():
            self._at = (self._at + step) % len(found) if self._at >= 0 else (0 if step > 0 else -1)
            field = self.query_one(Input)
            field.value = found[self._at]
            field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _obey(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)

    def action_leave(self) -> None:
        self.dismiss(None)
