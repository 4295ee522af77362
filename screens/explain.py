"""Why somebody can or cannot do something."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.base import BaseScreen
from widgets.lines import Rule


class ExplainScreen(BaseScreen):
    """Why somebody can or cannot do something."""

    def __init__(self, who: str = "", where: str = "/", privilege: str = "") -> None:
        super().__init__()
        self._asked = (who, where, privilege)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one(Rule).show_parts("Explain permissions")
