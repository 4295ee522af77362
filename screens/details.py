"""Enter: everything the program knows about a row, on a screen of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from pve_auth_tui.core.listing import Line
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Commands
from widgets.lines import OneLine
from widgets.text_view import TextView


class BackToList(Back):
    """Back to the list."""

    word = "back"


class DetailsScreen(BaseScreen):
    """The detail pane's lines, all of them."""

    OFFERS: ClassVar[Commands] = (
        BackToList,
        *(command for command in EVERYWHERE if command is not Back),
    )

    def __init__(self, title: str, heading: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._list_title = title
        self._heading = heading
        self._lines = tuple(lines)

    @property
    def open_title(self) -> str:
        return self._list_title

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield OneLine(id="heading")
        yield TextView(self._lines, id="text")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one("#heading", OneLine).show(self._heading)
        self.query_one(TextView).focus()
