"""`:journal`: what was changed with this program, by whom, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.find import haystack, parse_query
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.journal import Written
from pve_auth_tui.core.journalcheck import Verdict, sentence
from pve_auth_tui.core.journalrows import COLUMNS, FIELDS, facts, heading, rows
from pve_auth_tui.core.listing import Line, Row
from pve_auth_tui.core.words import count_words
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Reload
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable
from widgets.lines import FindLine

if TYPE_CHECKING:
    from widgets.find_field import FindBar

_TITLE = "Journal"


class OpenEntry(Command["JournalScreen"]):
    """Opens everything that an entry says."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def problem(cls, screen: JournalScreen) -> str:
        return "" if screen.table.key else "There is no entry here."

    @classmethod
    def run(cls, screen: JournalScreen) -> None:
        screen.open_entry()


class FindEntry(Command["JournalScreen"]):
    """Finds entries by words, and by fields as in `who:joe plan:a1b2c3 look:yes`."""

    keys, shown, word, name = "slash", "/", "find", "find"

    @classmethod
    def run(cls, screen: JournalScreen) -> None:
        screen.open_find()


class VerifyJournal(Command["JournalScreen"]):
    """Verifies that no entry was edited, removed or put in, and tells what has no end."""

    keys, shown, word, name = "t", "t", "verify", "verify"

    @classmethod
    def run(cls, screen: JournalScreen) -> None:
        screen.say("Reading ...")
        screen.verify()


class NextLook(Command["JournalScreen"]):
    """Goes to the next entry that needs a look: what failed, or whose claims differ."""

    keys, shown, word, name = "n", "n", "next", "next"

    @classmethod
    def run(cls, screen: JournalScreen) -> None:
        if not screen.table.go_to_next(lambda row: row.fields.get("look") == "yes"):
            screen.say("Nothing here needs a look.")


class ReadAgain(Reload):
    """Reads the journal anew. The cursor stays on its entry."""

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("JournalScreen", screen).read()


class LeaveJournal(Back):
    """Drops what was typed behind `/`, then goes back."""

    word = "back"


class JournalScreen(BaseScreen):
    """Entries as rows; their keys are places in the file."""

    CSS_PATH = "journal.tcss"
    OFFERS: ClassVar[Commands] = (
        *(OpenEntry, FindEntry, VerifyJournal, NextLook, LeaveJournal, ReadAgain),
        *(command for command in EVERYWHERE if command not in (Back, Reload)),
    )

    @dataclass
    class Loaded(Message):
        """What a worker has read; `problem` why it could not."""

        entries: Sequence[Written]
        rows: Sequence[Row]
        problem: tuple[Line, ...] = ()

    @dataclass
    class Verified(Message):
        """What a worker has found."""

        verdict: Verdict

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Written] = ()
        self._query = parse_query("")
        self._state: tuple[Line, ...] = (Line("Reading ..."),)

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
        self.read()

    def on_resize(self) -> None:
        self.table.show_all_columns(self.app.size.width >= 132)

    # --- reading -------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="journal", exit_on_error=False)
    def read(self) -> None:
        """Read the file, in a worker."""
        try:
            entries = self.house.workshop.journal.read()
            message = self.Loaded(entries, rows(entries)[::-1])
        except AuthTuiError as error:
            message = self.Loaded((), (), _trouble(error))
        self._post(message)

    @work(thread=True, exclusive=True, group="journal", exit_on_error=False)
    def verify(self) -> None:
        """Follow the chain, in a worker."""
        try:
            self._post(self.Verified(self.house.workshop.journal.verify()))
        except AuthTuiError as error:
            self._post(self.Loaded((), (), _trouble(error)))

    def _post(self, message: Message) -> None:
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Loaded)
    def _show(self, message: Loaded) -> None:
        self._entries = message.entries
        self._state = message.problem or (Line("Nothing was changed with this program yet."),)
        self.table.load(message.rows, [haystack(row) for row in message.rows], from_top=True)
        self._show_counts()
        self.row_moved()
        self.show_keys()

    @on(Verified)
    def _tell(self, message: Verified) -> None:
        verdict = message.verdict
        self.say(sentence(verdict))
        if verdict.notes or not verdict.ok:
            from screens.details import DetailsScreen

            word: Word = "ok" if verdict.ok else "BAD"
            first = Line(sentence(verdict).removeprefix("ok: "), word=word)
            notes = [Line(note, word="LOOK") for note in verdict.notes]
            self.app.push_screen(DetailsScreen(_TITLE, "Verified", (first, *notes)))

    def snapshot_changed(self) -> None:
        """Something may have been changed: then the journal has more entries."""
        self.refresh_head()
        self.read()

    # --- finding -------------------------------------------------------------------

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
        self.table.narrow(self._query.select if text else None)
        self._show_counts()
        self.say(self._query.problem)

    def on_find_field_done(self) -> None:
        for bar in self.query("FindBar"):
            bar.remove()
        self.query_one(FindLine).display = True
        self.table.focus()

    def _show_counts(self) -> None:
        table, text = self.table, self._query.text
        words = count_words(table.total, "entry", "entries")
        if text:
            words = f"{table.count:,} of {table.total:,}"
        self.query_one(FindLine).show_parts(text, "", words)
        for bar in self.query("FindBar"):
            cast("FindBar", bar).show_count(words)

    # --- entries -------------------------------------------------------------------

    def row_moved(self) -> None:
        self.query_one(DetailPane).show(*self._details())

    def open_entry(self) -> None:
        from screens.details import DetailsScreen

        self.app.push_screen(DetailsScreen(_TITLE, *self._details()))

    def _details(self) -> tuple[str, Sequence[Line]]:
        key = self.table.key
        if key is None:
            none = (Line("Nothing is found. Esc shows everything."),)
            return "", none if self._query.text and self._entries else self._state
        written = self._entries[int(key)]
        return heading(written), facts(written)

    def step_back(self) -> None:
        if self._query.text:
            self.find("")
        else:
            super().step_back()


def _trouble(error: AuthTuiError) -> tuple[Line, ...]:
    lines = (Line(str(error), word="BAD"), Line(error.hint))
    return tuple(line for line in lines if line.text)
