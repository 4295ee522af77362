"""Text to read: scrolls by keyboard, draws only the lines in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.listing import Line
from widgets.detail_pane import wrapped
from widgets.look import line

Wrapped: TypeAlias = Callable[[int], Sequence[str]]
"""Gives plain texts, wrapped to that many cells."""


class TextView(Widget, can_focus=True):
    """Lines of core.listing, wrapped to the width; or texts of whoever wraps them himself."""

    DEFAULT_CSS = "TextView { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "one line down", show=False),
        Binding("up,k", "move(-1)", "one line up", show=False),
        Binding("pagedown,space", "page(1)", "a page down", show=False),
        Binding("pageup", "page(-1)", "a page up", show=False),
        Binding("home", "to(0)", "first line", show=False),
        Binding("end", "to(-1)", "last line", show=False),
    ]

    class EndReached(Message):
        """Somebody scrolled, and nothing more is below."""

    def __init__(self, lines: Sequence[Line] | Wrapped, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines = lines
        self._texts: list[str] = []
        self._top = 0

    @property
    def text(self) -> str:
        return "\n".join(self._texts)

    @property
    def hidden_below(self) -> int:
        """How many lines are below what is shown."""
        return max(0, len(self._texts) - self._top - self.size.height)

    def show(self, lines: Sequence[Line] | Wrapped) -> None:
        """Other lines, from the top."""
        self._lines, self._top = lines, 0
        self.on_resize()

    def on_resize(self) -> None:
        width = max(10, self.size.width - 2)
        lines = self._lines
        self._texts = list(lines(width)) if callable(lines) else wrapped(lines, width)
        self._scroll(self._top)

    def action_move(self, lines: int) -> None:
        self._go(self._top + lines)

    def action_page(self, pages: int) -> None:
        self._go(self._top + pages * max(1, self.size.height - 1))

    def action_to(self, end: int) -> None:
        self._go(0 if end == 0 else len(self._texts))

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    def _go(self, top: int) -> None:
        self._scroll(top)
        if not self.hidden_below:
            self.post_message(self.EndReached())

    def _scroll(self, top: int) -> None:
        last = max(0, len(self._texts) - self.size.height)
        self._top = max(0, min(last, top))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at = self._top + y
        text = self._texts[at] if at < len(self._texts) else ""
        return line(" " + text, self.size.width)
