"""A table of any length that filters as you type: it draws only the rows in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.listing import Column, Row
from pve_auth_tui.core.plain import cells, fit, plain
from widgets.look import BOLD, CURSOR, PLAIN, with_states

_MARGIN = 3  # ` > `: the cursor's sign and the mark, so that nothing hangs on colour
_GAP = 2

Select = Callable[[Sequence[Row], Sequence[str]], Sequence[int]]


class FilterTable(Widget, can_focus=True):
    """Rows of core.listing; the caller says which of them are shown, and in which order."""

    DEFAULT_CSS = """
    FilterTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "one down", show=False),
        Binding("up,k", "move(-1)", "one up", show=False),
        Binding("pagedown", "page(1)", "a page down", show=False),
        Binding("pageup", "page(-1)", "a page up", show=False),
        Binding("home", "end(0)", "first row", show=False),
        Binding("end", "end(-1)", "last row", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Moved(Message):
        """The row under the cursor is another one, or its content may have changed."""

        table: FilterTable
        key: str | None

        @property
        def control(self) -> FilterTable:
            return self.table

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._rows: Sequence[Row] = ()
        self._haystacks: Sequence[str] = ()
        self._sorting: tuple[int, bool] | None = None  # column, backwards
        self._order: Sequence[int] | None = None
        self._shown: Sequence[int] = ()
        self._top = 0
        self._early = 0  # moves that were typed before there were rows
        self._select: Select | None = None
        self._layout: tuple[tuple[int, int], ...] = ()
        self._all_columns = False
        self._gap = _GAP
        self.marks: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._columns

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Other ones from now on; rows that have their cells are loaded next."""
        self._columns, self._rows, self._shown = tuple(columns), (), ()
        self._measure()

    @property
    def count(self) -> int:
        """How many rows are shown."""
        return len(self._shown)

    @property
    def total(self) -> int:
        return len(self._rows)

    @property
    def rows_shown(self) -> list[Row]:
        return [self._rows[index] for index in self._shown]

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._shown[self.cursor]] if self._shown else None

    @property
    def key(self) -> str | None:
        row = self.row
        return row.key if row else None

    @property
    def is_cut(self) -> bool:
        """Whether the row under the cursor has a text that its column is too narrow for."""
        row = self.row
        return row is not None and any(
            cells(plain(row.cells[index])) > width for index, width in self._layout
        )

    def load(
        self, rows: Sequence[Row], haystacks: Sequence[str], *, from_top: bool = False
    ) -> None:
        """New rows; `haystacks` are their texts for finding, made once by the caller.

        The row under the cursor stays where it is on the screen, if it is still there.
        `from_top`: unless the first row was in view: then what is new above it is, too.
        """
        at_top = from_top and self._top == 0
        key, at, depth = self.key, self.cursor, self.cursor - self._top
        self._rows, self._haystacks = rows, haystacks
        self._put_in_order()
        self._apply(key, otherwise=at)
        self._top = max(0, min(self.cursor - depth, len(self._shown) - self._page))
        if at_top and self.cursor < self._page:
            self._top = 0
        if rows and self._early:
            self._go(self.cursor + self._early)
            self._early = 0

    def holds(self, rows: Sequence[Row]) -> bool:
        """Whether these are the rows that are there already."""
        return list(rows) == list(self._rows)

    def narrow(self, select: Select | None) -> None:
        """Show only what `select` picks; None shows all."""
        self._select = select
        self._apply(self.key)

    def sort(self, column: int | None, *, reverse: bool = False) -> None:
        """Sort by a column; None is the order the rows came in."""
        self._sorting = None if column is None else (column, reverse)
        self._put_in_order()
        self._apply(self.key)

    def _put_in_order(self) -> None:
        if self._sorting is None:
            self._order = None
            return
        column, reverse = self._sorting
        values = [_sort_value(row, column) for row in self._rows]
        self._order = sorted(range(len(values)), key=values.__getitem__, reverse=reverse)

    def show_all_columns(self, yes: bool) -> None:
        if yes != self._all_columns:
            self._all_columns = yes
            self._measure()

    def set_marks(self, marks: frozenset[str]) -> None:
        self.marks = marks
        self.refresh()

    def hidden_marks(self) -> int:
        """How many marked rows the filter hides."""
        return len(self.marks) - sum(
            1 for index in self._shown if self._rows[index].key in self.marks
        )

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row; False if it is not shown."""
        for position, index in enumerate(self._shown):
            if self._rows[index].key == key:
                self._go(position)
                return True
        return False

    def go_to_next(self, wanted: Callable[[Row], bool]) -> bool:
        """Put the cursor on the next row that is wanted, round the end; False if there is none."""
        count = len(self._shown)
        for step in range(1, count + 1):
            position = (self.cursor + step) % count
            if wanted(self._rows[self._shown[position]]):
                self._go(position)
                return True
        return False

    def _apply(self, key: str | None, *, otherwise: int = 0) -> None:
        """Filter and sort; the cursor stays on its key, not on its row number.

        `otherwise`: where it goes when that row is not there any more.
        """
        if self._select is None:
            shown: Sequence[int] = range(len(self._rows)) if self._order is None else self._order
        else:
            shown = self._select(self._rows, self._haystacks)
            if self._order is not None:
                chosen = set(shown)
                shown = [index for index in self._order if index in chosen]
        self._shown = shown
        position = otherwise
        if key is not None:
            rows = self._rows
            found = (at for at, index in enumerate(shown) if rows[index].key == key)
            position = next(found, otherwise)
        self._go(position)
        self.refresh()

    def action_move(self, rows: int) -> None:
        if not self._rows:
            self._early += rows
        self._go(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self._go(self.cursor + pages * self._page)

    def action_end(self, position: int) -> None:
        self._go(0 if position == 0 else len(self._shown) - 1)

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 1)

    def _go(self, position: int) -> None:
        position = min(len(self._shown) - 1, position)
        before, self.cursor = self.cursor, max(0, position)
        top = min(self._top, self.cursor)
        top = max(top, self.cursor - self._page + 1, 0)
        if top != self._top:
            self._top = top
            self.refresh()
        else:
            self._refresh_row(before)
            self._refresh_row(self.cursor)
        self._place_hardware_cursor()
        self.post_message(self.Moved(self, self.key))

    def _refresh_row(self, position: int) -> None:
        y = position - self._top + 1
        if 0 < y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _place_hardware_cursor(self) -> None:
        """For screen readers and braille lines: the terminal's cursor sits on the row."""
        if self.has_focus:
            y = self.cursor - self._top + 1
            self.app.cursor_position = Offset(self.region.x + 1, self.region.y + y)

    def on_focus(self) -> None:
        self._place_hardware_cursor()

    def on_resize(self) -> None:
        self._measure()
        self._go(self.cursor)

    def on_click(self, event: events.Click) -> None:
        if event.y >= 1:
            self._go(self._top + event.y - 1)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    def _measure(self) -> None:
        """Which columns are shown, and how wide: what is left over goes to those that grow."""
        visible = [
            (index, column)
            for index, column in enumerate(self._columns)
            if self._all_columns or not column.wide
        ]
        room = self.size.width - _MARGIN
        used = sum(column.width for _, column in visible)
        between = max(0, len(visible) - 1)
        self._gap = _GAP if used + _GAP * between <= room else 1
        growing = sum(1 for _, column in visible if column.grow)
        extra = max(0, room - used - self._gap * between)
        layout: list[tuple[int, int]] = []
        for index, column in visible:
            width = column.width
            if column.grow:
                share = -(-extra // growing)
                width, extra, growing = width + share, extra - share, growing - 1
            width = min(width, room)
            if width < 3 and layout:
                break
            layout.append((index, width))
            room -= width + self._gap
        self._layout = tuple(layout)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            titles = tuple(column.title for column in self._columns)
            return Strip([Segment(fit(" " * _MARGIN + self._text(titles), width), BOLD)], width)
        position = self._top + y - 1
        if position >= len(self._shown):
            return Strip.blank(width)
        row = self._rows[self._shown[position]]
        on = position == self.cursor
        sign = f" {'>' if on else ' '}{'*' if row.key in self.marks else ' '}"
        text = fit(sign + self._text(row.cells), width)
        return Strip(with_states(text, CURSOR if on else PLAIN), width)

    def _text(self, texts: Sequence[str]) -> str:
        parts = (fit(plain(texts[index]), width) for index, width in self._layout)
        return (" " * self._gap).join(parts)


def _sort_value(row: Row, column: int) -> tuple[int, float, str]:
    """Numbers before texts, texts without regard to case."""
    value = row.sort[column] if column < len(row.sort) else row.cells[column]
    if isinstance(value, str):
        return (1, 0.0, value.casefold())
    return (0, float(value), "")
