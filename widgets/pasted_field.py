"""A field for something long and secret that is pasted: a token, an address with a code in it."""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual.events import Paste

from pve_auth_tui.core.secret import Secret
from widgets.controls import Hidden
from widgets.field import Rule, SecretEntry

_DRAWN: Final = 500  # dots: wider than any terminal


class Pasted(Hidden):
    """Takes a paste of several lines; Textual's own field would take the first one alone. It would
    also draw, and count, a dot for each of 250,000 characters, to show some: 0.2 s (measured).
    """

    @property
    def _value(self) -> Text:
        length = len(self.value)
        text = Text("•" * min(length, _DRAWN), no_wrap=True, overflow="ignore", end="")
        if length > _DRAWN and self.has_focus and self._cursor_visible and self.cursor_at_end:
            text.append(" ", self.get_component_rich_style("input--cursor"))
        return text

    def _position_to_cell(self, position: int) -> int:
        return min(position, _DRAWN)

    def _on_paste(self, event: Paste) -> None:
        event.prevent_default()
        event.stop()
        self.replace(" ".join(event.text.splitlines()), *self.selection)


class PastedEntry(SecretEntry):
    """Nothing shows what it holds: how long it is tells whether the paste has arrived."""

    def __init__(
        self, ident: str, label: str, *, help: str = "", rule: Rule[Secret] | None = None
    ) -> None:
        super().__init__(ident, label, help=help, rule=rule)
        self._control = Pasted()

    @property
    def length(self) -> int:
        """Characters."""
        return len(self._control.value)
