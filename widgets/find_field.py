"""The field behind `/`: narrows while one types, keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from pve_auth_tui.core.plain import cells, plain
from widgets.lines import OneLine
from widgets.text_field import TextField


class FindBar(Horizontal):
    """`/`, the field, and how many rows it leaves."""

    DEFAULT_CSS = """
    FindBar { height: 1; }
    FindBar > .sign { width: 3; }
    """

    def __init__(self, value: str, narrow: Callable[[str], None]) -> None:
        super().__init__(id="find-bar")
        self._value = value
        self._narrow = narrow
        self._room = 0
        self._count = ""

    def compose(self) -> ComposeResult:
        yield OneLine("/", classes="sign")
        yield FindField(self._value, self._narrow)
        yield OneLine(classes="count")

    def on_mount(self) -> None:
        self.show_count(self._count)  # rows may have come before there was a place for it

    def show_count(self, count: str) -> None:
        """The count's place grows with it and does not shrink: few layouts while typing."""
        self._count = count
        if cells(plain(count)) > self.app.size.width // 2:
            count = count.partition("   ")[
                0
            ]  # the words typed come first; the marks are told below
        needed = cells(plain(count)) + 2
        for place in self.query(".count").results(OneLine):  # none before it is composed
            if needed > self._room:
                self._room = needed
                place.styles.width = needed
            place.show(" " * (self._room - needed) + count)


class FindField(TextField):
    """Enter and arrow down keep the words and go to the rows; Esc drops the words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", show=False),
        Binding("enter,down", "keep", show=False),
    ]

    class Done(Message):
        """The field was left."""

    def __init__(self, value: str, narrow: Callable[[str], None]) -> None:
        self._narrow = narrow  # before the value, whose watcher calls it
        super().__init__(value, id="find-field")

    def on_mount(self) -> None:
        """By itself: who opens the bar cannot know when the field is there. After the screen has
        given the focus away, where the field opens with it.
        """
        self.call_after_refresh(self.focus)

    def watch_value(self, value: str) -> None:
        """Narrow at once, so that the field and the rows are drawn in one go."""
        self._narrow(value)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def action_keep(self) -> None:
        self.post_message(self.Done())

    def action_drop(self) -> None:
        self.value = ""
        self.post_message(self.Done())

    def on_blur(self, event: events.Blur) -> None:
        self.post_message(self.Done())
