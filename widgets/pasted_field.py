"""A field for something long and secret that is pasted: a token, an address with a code in it."""

from __future__ import annotations

from textual.events import Paste

from pve_auth_tui.core.secret import Secret
from widgets.controls import Hidden
from widgets.field import Rule, SecretEntry


class Pasted(Hidden):
    """Takes a paste of several lines; Textual's own field would take the first one alone."""

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
