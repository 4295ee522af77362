"""`?`: the keys of a screen, made from its commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from pve_auth_tui.core.listing import Line
from widgets.lines import KeyHint, KeyLine, OneLine
from widgets.text_view import TextView

if TYPE_CHECKING:
    from screens.base import BaseScreen

_MOVING = (Line("up, down or k, j: one row. PgUp, PgDn, Home, End: further.", heading="arrows"),)


def help_lines(screen: BaseScreen) -> list[Line]:
    """A line per command: key, name behind `:`, help, and why it cannot work now."""
    lines = list(_MOVING)
    for command in screen.OFFERS:
        problem = command.problem(screen)
        text = f"{command.help()}  (:{command.name})"
        lines.append(Line(text, heading=command.shown or ":"))
        if problem:
            lines.append(Line(f"Not now: {problem}", heading=" "))
    return lines


class HelpScreen(ModalScreen[None]):
    """Esc, `?` and `q` close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "close", show=False)
    ]

    def __init__(self, screen: BaseScreen) -> None:
        super().__init__()
        self._lines = help_lines(screen)
        self._title = screen.open_title or "this screen"

    def compose(self) -> ComposeResult:
        yield OneLine(f"Keys of {self._title}", id="head")
        yield TextView(self._lines, id="text")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(KeyLine).show_hints([KeyHint("up down", "scroll"), KeyHint("esc", "close")])
        self.query_one(TextView).focus()
