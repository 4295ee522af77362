"""What takes the keys in a field of a form: a line to type into, or a few texts to choose from.

No message of theirs carries a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from pve_auth_tui.core.plain import plain
from widgets.look import CURSOR, PLAIN, pieces
from widgets.text_field import TextField

_PAPER: Final = Style(underline=True)


class Entered(Message):
    """Enter was pressed in a field."""


class Edited(Message):
    """What a field holds was changed by a key."""


class Typed(TextField):
    """Says that something was typed, and never what."""

    DEFAULT_CSS = "Typed { width: 1fr; }"

    def __init__(self, value: str) -> None:
        super().__init__()
        self.select_on_focus = False  # or the first key would replace what was typed
        if value:
            self.put(value)

    def put(self, value: str) -> None:
        """Another value, which nobody has typed."""
        with self.prevent(Edited):
            self.value = value
        self.cursor_position = len(value)

    def post_message(self, message: Message) -> bool:
        """Textual's messages of a field hold its value, and show it in their repr."""
        if isinstance(message, Input.Changed):
            return super().post_message(Edited())
        if isinstance(message, Input.Submitted):
            return super().post_message(Entered())
        return isinstance(message, Input.Blurred) or super().post_message(message)

    def render_line(self, y: int) -> Strip:
        return super().render_line(y).adjust_cell_length(self.size.width).apply_style(_PAPER)


class Hidden(Typed):
    """For a secret: shown as dots, and nothing of it goes to a clipboard (R6)."""

    def __init__(self) -> None:
        super().__init__("")
        self.password = True

    def action_copy(self) -> None:
        """Does nothing."""

    def action_cut(self) -> None:
        """Does nothing."""


class Asked(Message):
    """Somebody wants to choose from a list."""


class Chosen(Widget, can_focus=True):
    """How many of a list are taken, and which; space asks for the list."""

    DEFAULT_CSS = "Chosen { width: 1fr; height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "ask", "choose", show=False),
        Binding("enter", "enter", "go on", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def put(self, text: str) -> None:
        self._text = plain(text)
        self.refresh()

    def action_ask(self) -> None:
        self.post_message(Asked())

    def action_enter(self) -> None:
        self.post_message(Entered())

    def on_click(self) -> None:
        self.action_ask()

    def render_line(self, y: int) -> Strip:
        style = CURSOR if self.has_focus else PLAIN
        return pieces([(self._text, style)], self.size.width)


class Options(Widget, can_focus=True):
    """One of a few texts: space and arrows go round."""

    DEFAULT_CSS = "Options { width: 1fr; height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "turn(1)", "next", show=False),
        Binding("left", "turn(-1)", "the one before", show=False),
        Binding("enter", "enter", "go on", show=False),
    ]
    at: reactive[int] = reactive(0)

    def __init__(self, texts: Sequence[str], at: int) -> None:
        super().__init__()
        self.texts = tuple(map(plain, texts))
        self.set_reactive(Options.at, at)

    def offer(self, texts: Sequence[str]) -> None:
        self.texts = tuple(map(plain, texts))
        self.at = 0
        self.refresh()

    def action_turn(self, step: int) -> None:
        if len(self.texts) > 1:
            self.at = (self.at + step) % len(self.texts)
            self.post_message(Edited())

    def action_enter(self) -> None:
        self.post_message(Entered())

    def on_click(self) -> None:
        self.action_turn(1)

    def render_line(self, y: int) -> Strip:
        text = self.texts[self.at]
        frame = text if text.startswith("[") else f"< {text} >"
        return pieces([(frame, CURSOR if self.has_focus else PLAIN)], self.size.width)
