"""A QR code, black on white whatever the terminal's colours are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

_INK: Final = Style(color="#000000", bgcolor="#ffffff")


class QrView(Widget):
    """Lines of half blocks at the top left; nothing of them is kept after `hide`."""

    DEFAULT_CSS = "QrView { width: auto; height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[str, ...] = ()

    @property
    def is_shown(self) -> bool:
        return bool(self._lines)

    def show(self, lines: Sequence[str]) -> None:
        """All lines are as wide."""
        self._lines = tuple(lines)
        self.refresh()

    def hide(self) -> None:
        self.show(())

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width)
        text = self._lines[y]
        return Strip([Segment(text, _INK)], len(text)).adjust_cell_length(width)
