"""Text to read: scrolls by keyboard, draws only the lines in view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pve_auth_tui.core.listing import Line
from widgets.detail_pane import wrapped
from widgets.look import line


class TextView(ScrollView, can_focus=True):
    """Lines of core.listing, wrapped to the width."""

    DEFAULT_CSS = "TextView { height: 1fr; scrollbar-size: 0 0; overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "one line down", show=False),
        Binding("up,k", "move(-1)", "one line up", show=False),
        Binding("pagedown,space", "page(1)", "a page down", show=False),
        Binding("pageup", "page(-1)", "a page up", show=False),
        Binding("home", "to(0)", "first line", show=False),
        Binding("end", "to(-1)", "last line", show=False),
    ]

    def __init__(self, lines: Sequence[Line], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines = tuple(lines)
        self._texts: list[str] = []

    @property
    def text(self) -> str:
        return "\n".join(self._texts)

    @property
    def hidden_below(self) -> int:
        """How many lines are below what is shown."""
        return max(0, len(self._texts) - self.scroll_offset.y - self.size.height)

    def on_resize(self) -> None:
        self._texts = wrapped(self._lines, max(10, self.size.width - 2))
        self.virtual_size = Size(self.size.width, len(self._texts))
        self.refresh()

    def action_move(self, lines: int) -> None:
        self._scroll(self.scroll_offset.y + lines)

    def action_page(self, pages: int) -> None:
        self._scroll(self.scroll_offset.y + pages * max(1, self.size.height - 1))

    def action_to(self, end: int) -> None:
        self._scroll(0 if end == 0 else len(self._texts))

    def _scroll(self, top: int) -> None:
        last = max(0, len(self._texts) - self.size.height)
        self.scroll_to(y=max(0, min(last, top)), animate=False, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at = self.scroll_offset.y + y
        text = self._texts[at] if at < len(self._texts) else ""
        return line(" " + text, self.size.width)
