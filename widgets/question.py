"""What is asked at the top of a screen, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.plain import cells, fit, plain
from widgets.look import CURSOR, PLAIN, pieces

_LABEL: Final = 7  # cells
_VALUE: Final = 20  # cells, so that what is known about the values stands below one another


class Question(Widget, can_focus=True):
    """`Who    anna@corp            Anna Admin`: Enter asks for another answer."""

    DEFAULT_CSS = "Question { height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "ask", "choose", show=False),
        Binding("down,j", "go(1)", "next", show=False),
        Binding("up,k", "go(-1)", "the one before", show=False),
    ]

    @dataclass
    class Asked(Message):
        """Another answer is wanted."""

        index: int

    def __init__(self, index: int, label: str) -> None:
        super().__init__(id=f"question-{index}")
        self.index = index
        self._label = label
        self._texts = ("", "", "")

    @property
    def text(self) -> str:
        return "  ".join((self._label, *filter(None, self._texts)))

    def show(self, value: str, about: str = "", right: str = "") -> None:
        """Untrusted texts: the answer, what is known about it, and what stands at the right."""
        self._texts = (plain(value), plain(about), plain(right))
        self.refresh()

    def action_ask(self) -> None:
        self.post_message(self.Asked(self.index))

    def action_go(self, step: int) -> None:
        """Down behind the last one is what stands below; up from the first is nowhere."""
        if step > 0:
            self.screen.focus_next()
        elif self.index:
            self.screen.focus_previous(Question)

    def on_click(self) -> None:
        self.action_ask()

    def on_focus(self) -> None:
        self.app.cursor_position = Offset(self.region.x, self.region.y)
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        value, about, right = self._texts
        width = self.size.width
        sign = ">" if self.has_focus else " "
        head = sign + fit(self._label, _LABEL)
        end = f"  {right} " if right else " "
        room = max(0, width - len(head) - cells(end))
        if about and cells(value) + 2 <= room:
            value = value + " " * max(2, _VALUE + 1 - cells(value))
            about = fit(about, max(0, room - cells(value)))
        style = CURSOR if self.has_focus else PLAIN
        body = fit(value + about, room)
        return pieces([(head, PLAIN), (body, style), (end, PLAIN)], width)
