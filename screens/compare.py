"""The rights of two subjects side by side."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.base import BaseScreen
from widgets.lines import Rule


class CompareScreen(BaseScreen):
    """The rights of two subjects side by side."""

    def __init__(self, one: str, other: str = "") -> None:
        super().__init__()
        self._asked = (one, other)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one(Rule).show_parts("Compare rights")
