"""Answers that are many rows: a table with find, and below it the row under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from pve_auth_tui.core.find import haystack, parse_query
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.words import count_words
from screens.commands import Command
from screens.questions import QuestionScreen
from widgets.answer import RowsBelow
from widgets.detail_pane import DetailPane
from widgets.lines import FindLine

if TYPE_CHECKING:
    from widgets.find_field import FindBar

_REST: Final = 0.15  # seconds after the last key until the detail pane follows


class FindRow(Command["RowsScreen"]):
    """Finds rows by words; a minus leaves them out."""

    keys, shown, word, name = "slash", "/", "find", "find"

    @classmethod
    def run(cls, screen: RowsScreen) -> None:
        screen.open_find()


class OpenRow(Command["RowsScreen"]):
    """Opens everything that is known about the row."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def problem(cls, screen: RowsScreen) -> str:
        return screen.why_no_row()

    @classmethod
    def run(cls, screen: RowsScreen) -> None:
        screen.open_row()


class RowsScreen(QuestionScreen):
    """Subclasses give the columns, the rows (`show_rows`) and what is known about one."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    FIELDS: ClassVar[tuple[str, ...]] = ()
    NOUN: ClassVar[tuple[str, str]] = ("row", "rows")
    FILE: ClassVar[str] = "answer"

    def __init__(self, *asked: str) -> None:
        super().__init__(*asked)
        self._query = parse_query("")
        self._rest: Timer | None = None
        self._instead = ""  # why there are no rows

    def details(self, key: str) -> tuple[str, Sequence[Line]]:
        """Heading and lines about a row."""
        raise NotImplementedError

    @property
    def table(self) -> RowsBelow:
        return self.query_one(RowsBelow)

    def compose(self) -> ComposeResult:
        yield from self.compose_questions()
        with Vertical(id="list"):
            yield FindLine(id="find")
            yield RowsBelow(self.COLUMNS, id="table")
        yield DetailPane(id="details")
        yield from self.compose_bottom()

    def focus_answer(self) -> None:
        self.table.focus()

    def on_resize(self) -> None:
        self.table.show_all_columns(self.app.size.width >= 132)

    # --- rows -----------------------------------------------------------------------------

    def show_nothing(self, sentence: str) -> None:
        self._put((), sentence)

    def show_rows(self, rows: Sequence[Row], none: str) -> None:
        """`none` is what stands there when there are no rows."""
        self._put(rows, none)

    def _put(self, rows: Sequence[Row], instead: str) -> None:
        self._instead = instead
        self.table.load(rows, [haystack(row) for row in rows])
        self._show_counts()
        self._show_details()

    def why_no_row(self) -> str:
        """Why there is nothing under the cursor; "" when there is."""
        return "" if self.table.key else "There is no row here."

    def why_nothing_to_keep(self) -> str:
        return super().why_nothing_to_keep() or self.why_no_row()

    def row_moved(self) -> None:
        if self._rest is None:
            self._rest = self.set_timer(_REST, self._show_details)
        else:
            self._rest.reset()

    def _show_details(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        self.query_one(DetailPane).show(*self._about_row())

    def _about_row(self) -> tuple[str, Sequence[Line]]:
        key = self.table.key
        if key is not None:
            return self.details(key)
        none = "Nothing is found. Esc shows everything."
        return "", (Line(none if self.table.total else self._instead),)

    def open_row(self) -> None:
        """Enter"""
        from screens.details import DetailsScreen

        self.app.push_screen(DetailsScreen(self.TITLE_TEXT, *self._about_row()))

    def export(self) -> Callable[[], str]:
        titles = [column.title for column in self.table.columns]
        rows = [row.cells for row in self.table.rows_shown]
        return partial(self.house.exports.save_table, self.FILE, titles, rows)

    # --- finding ---------------------------------------------------------------------------

    def open_find(self) -> None:
        """`/`: a field in place of the line; it narrows at every key."""
        from widgets.find_field import FindBar  # brings Textual's Input

        if not self.query(FindBar):
            line = self.query_one(FindLine)
            self.query_one("#list").mount(FindBar(self._query.text, self.find), before=line)
            line.display = False

    def find(self, text: str) -> None:
        """Show only what the words select."""
        self._query = parse_query(text, self.FIELDS)
        self.table.narrow(self._query.select if text else None)
        self._show_counts()
        if self._query.problem:
            self.say(self._query.problem)

    def on_find_field_done(self) -> None:
        for bar in self.query("FindBar"):
            bar.remove()
        self.query_one(FindLine).display = True
        self.table.focus()

    def _show_counts(self) -> None:
        table, text = self.table, self._query.text
        words = self.counted(table.total) if self.has_answer else ""
        if text:
            words = f"{table.count:,} of {table.total:,}"
        self.query_one(FindLine).show_parts(text, "", words)
        for bar in self.query("FindBar"):
            cast("FindBar", bar).show_count(words)

    def counted(self, number: int) -> str:
        """How many rows there are, in words."""
        return count_words(number, *self.NOUN)

    def step_back(self) -> None:
        """Esc: drops what was typed behind `/`, then goes back."""
        if self._query.text:
            self.find("")
            self._show_details()
        else:
            super().step_back()
