"""Pick any number of names out of many: type a part, space takes one or leaves it, Enter ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from pve_auth_tui.core.listing import Column, Row
from screens.pick import NOTHING, columns_for, matching
from widgets.field import Choice
from widgets.filter_table import FilterTable
from widgets.lines import KeyHint, KeyLine, OneLine
from widgets.text_field import TextField


class _Words(TextField):
    """No name has a blank: space is for the row."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class PickManyScreen(ModalScreen[tuple[str, ...] | None]):
    """Answers the values taken, in the order offered, or None for Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("space", "turn", show=False, priority=True),
        Binding("ctrl+a", "turn_all", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], taken: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._choices = {choice.value: choice.about for choice in choices}
        self._names = list(self._choices)
        self._taken = set(taken)

    def compose(self) -> ComposeResult:
        yield OneLine(id="head")
        yield _Words(id="words")
        columns = columns_for(self._names, self._choices)
        yield FilterTable([Column("Taken", 5), *columns], id="names")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(KeyLine).show_hints(
            [
                KeyHint("type", "a part"),
                KeyHint("space", "take or leave"),
                KeyHint("^A", "all shown"),
                KeyHint("enter", "done"),
                KeyHint("esc", "as it was"),
            ]
        )
        self._offer()
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _changed(self) -> None:
        self._offer()
        self.query_one(FilterTable).action_end(0)  # what matches best

    def _offer(self) -> None:
        text = self.query_one(Input).value
        found = matching(text, self._names, self._choices)
        rows = [
            Row(name, ("[x]" if name in self._taken else "[ ]", name, self._choices[name]))
            for name in found
        ]
        self.query_one(FilterTable).load(rows, found)
        taken = f"{self._title}: {len(self._taken)} taken"
        self.query_one("#head", OneLine).show(taken if found else f"{taken}; {NOTHING}")

    @property
    def _shown(self) -> set[str]:
        return {row.key for row in self.query_one(FilterTable).rows_shown}

    def action_move(self, rows: int) -> None:
        self.query_one(FilterTable).action_move(rows)

    def action_turn(self) -> None:
        table = self.query_one(FilterTable)
        if table.key:
            self._taken ^= {table.key}
            self._offer()

    def action_turn_all(self) -> None:
        """All that are shown; when all of them are taken, none."""
        shown = self._shown
        self._taken = self._taken - shown if shown <= self._taken else self._taken | shown
        self._offer()

    @on(Input.Submitted)
    def _take(self) -> None:
        self.dismiss(tuple(name for name in self._names if name in self._taken))

    def action_leave(self) -> None:
        self.dismiss(None)
