"""Who is added, changed, removed or skipped by a sync, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.find import parse_query
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.sync.preview import TITLES, Preview, What
from pve_auth_tui.core.words import count_words
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands
from screens.sync_preview_rows import COLUMNS, FIELDS, Listed, everybody
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable
from widgets.lines import FindLine

if TYPE_CHECKING:
    from widgets.find_field import FindBar

_TITLE: Final = "Realms"
_REST: Final = 0.15  # seconds after the last key until the detail pane follows


class OpenListed(Command["SyncListScreen"]):
    """Opens everything that happens to the row."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def problem(cls, screen: SyncListScreen) -> str:
        return "" if screen.table.key else "There is no row here."

    @classmethod
    def run(cls, screen: SyncListScreen) -> None:
        screen.open_row()


class FindListed(Command["SyncListScreen"]):
    """Finds rows by words, and by fields as in `what:removed kind:group`."""

    keys, shown, word, name = "slash", "/", "find", "find"

    @classmethod
    def run(cls, screen: SyncListScreen) -> None:
        screen.open_find()


class SaveListed(Command["SyncListScreen"]):
    """Saves the rows shown to a file that only you can read."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def problem(cls, screen: SyncListScreen) -> str:
        return "" if screen.table.key else "There is no row here."

    @classmethod
    def run(cls, screen: SyncListScreen) -> None:
        screen.save()


class LeaveListed(Back):
    """Drops what was typed behind `/`, then goes back."""

    word = "back"


class SyncListScreen(BaseScreen):
    """`only`: one kind of what happens; None for everybody, with the field to find them open."""

    CSS_PATH = "sync_list.tcss"
    OFFERS: ClassVar[Commands] = (
        *(OpenListed, FindListed, SaveListed, LeaveListed),
        *(command for command in EVERYWHERE if command is not Back),
    )

    @dataclass
    class Made(Message):
        """Rows, from a worker."""

        listed: Sequence[Listed]

    @dataclass
    class Told(Message):
        """Something for the status line."""

        sentence: str

    def __init__(self, preview: Preview, only: What | None = None) -> None:
        super().__init__()
        self._preview = preview
        self._only = only
        self._listed: dict[str, Listed] = {}
        self._is_made = False
        self._query = parse_query("")
        self._rest: Timer | None = None

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    @property
    def open_title(self) -> str:
        return _TITLE

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        with Vertical(id="list"):
            yield FindLine(id="find")
            yield FilterTable(COLUMNS, id="table")
        yield DetailPane(id="details")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.table.focus()
        self._show_counts()
        self._make()
        if self._only is None:
            self.open_find()

    # --- rows --------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="rows", exit_on_error=False)
    def _make(self) -> None:
        made = everybody(self._preview, self._only)
        if not get_current_worker().is_cancelled:
            self.post_message(self.Made(made))

    @on(Made)
    def _take(self, message: Made) -> None:
        self._listed = {one.row.key: one for one in message.listed}
        self._is_made = True
        self.table.load([one.row for one in message.listed], [one.text for one in message.listed])
        self._narrow()
        self._show_details()
        self.show_keys()

    def row_moved(self) -> None:
        if self._rest is None:
            self._rest = self.set_timer(_REST, self._show_details)
        else:
            self._rest.reset()

    def _show_details(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        self.query_one(DetailPane).show(*self._details())

    def _details(self) -> tuple[str, Sequence[Line]]:
        one = self._listed.get(self.table.key or "")
        if one is not None:
            return one.row.cells[2], one.lines
        if not self._is_made:
            return "", (Line("..."),)
        found = bool(self._listed) and bool(self._query.text)
        none = "Nothing is found. Esc shows everything." if found else self._none
        return "", (Line(none),)

    @property
    def _none(self) -> str:
        """Why there are no rows."""
        if self._only == "same":
            return "Nobody stays as he is."
        return "Nobody." if self._only is None else f"{TITLES[self._only]}: nobody."

    def open_row(self) -> None:
        """Enter"""
        from screens.details import DetailsScreen

        self.app.push_screen(DetailsScreen(_TITLE, *self._details()))

    # --- finding -----------------------------------------------------------------------------

    def open_find(self) -> None:
        """`/`: a field in place of the line; it narrows at every key."""
        from widgets.find_field import FindBar  # brings Textual's Input

        if not self.query(FindBar):
            line = self.query_one(FindLine)
            self.query_one("#list").mount(FindBar(self._query.text, self.find), before=line)
            line.display = False

    def find(self, text: str) -> None:
        """Show only what the words select."""
        self._query = parse_query(text, FIELDS)
        self._narrow()
        self.say(self._query.problem)

    def _narrow(self) -> None:
        self.table.narrow(self._query.select if self._query.text else None)
        self._show_counts()

    def on_find_field_done(self) -> None:
        for bar in self.query("FindBar"):
            bar.remove()
        self.query_one(FindLine).display = True
        self.table.focus()

    def _show_counts(self) -> None:
        table, text = self.table, self._query.text
        words = count_words(table.total, "row", "rows") if self._is_made else "..."
        if text:
            words = f"{table.count:,} of {table.total:,}"
        view = "" if self._only is None else TITLES[self._only]
        self.query_one(FindLine).show_parts(text, view, words)
        for bar in self.query("FindBar"):
            cast("FindBar", bar).show_count(words)

    def step_back(self) -> None:
        """Esc: drops what was typed behind `/`, then goes back."""
        if self._query.text:
            self.find("")
        else:
            super().step_back()

    # --- keeping it --------------------------------------------------------------------------

    def save(self) -> None:
        """`f`"""
        self._save([row.cells for row in self.table.rows_shown])

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, rows: Sequence[Sequence[str]]) -> None:
        titles = [column.title for column in COLUMNS]
        try:
            path = self.house.exports.save_table(f"sync-{self._preview.realm}", titles, rows)
            sentence = f"Saved, for you alone: {path}"
        except AuthTuiError as error:
            sentence = f"{error} {error.hint}".strip()
        if not get_current_worker().is_cancelled:
            self.post_message(self.Told(sentence))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)
