"""Everybody who has a privilege on a path."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.base import BaseScreen
from widgets.lines import Rule


class WhoCanScreen(BaseScreen):
    """Everybody who has a privilege on a path."""

    def __init__(self, privilege: str = "", where: str = "/") -> None:
        super().__init__()
        self._asked = (privilege, where)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one(Rule).show_parts("Who can")
