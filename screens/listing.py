"""A list of PVE's objects: find, views, sort, marks, details. Every list is one of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.find import haystack, parse_query
from pve_auth_tui.core.finding import Target
from pve_auth_tui.core.listing import Line, Listing, Row
from pve_auth_tui.core.objects import Key, Kind
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words
from screens.base import BaseScreen
from screens.choose import ChooseScreen
from screens.commands import Commands
from screens.list_commands import OF_LISTS
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable
from widgets.lines import FindLine, SideBar

if TYPE_CHECKING:
    from widgets.find_field import FindBar

_EVERYTHING = "everything"
_KINDS: Final[Mapping[str, Kind]] = {
    "realms": "realm",
    "users": "user",
    "groups": "group",
    "roles": "role",
    "pools": "pool",
    "tokens": "token",
}
"""Lists whose rows have the object's own name as their key."""
_REST = 0.15  # seconds after the last key until the detail pane follows


class ListScreen(BaseScreen):
    """Shows `listing`; subclasses name it and add commands of their own."""

    CSS_PATH = "listing.tcss"
    OFFERS: ClassVar[Commands] = OF_LISTS
    listing: ClassVar[Listing]

    @dataclass
    class Loaded(Message):
        """Rows made from a picture, by a worker."""

        snapshot: Snapshot
        rows: Sequence[Row]
        haystacks: Sequence[str]

    def __init__(self) -> None:
        super().__init__()
        self._snapshot: Snapshot | None = None
        self._round = 0
        self._query = parse_query("")
        self._view = ""
        self._target: Target | None = None
        self._rest: Timer | None = None

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    @property
    def open_title(self) -> str:
        return self.listing.title

    @property
    def whole(self) -> str:
        """What the view is called that leaves nothing out."""
        return _EVERYTHING

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        with Horizontal(id="body"):
            yield SideBar(id="side")
            with Horizontal(id="parts"):
                with Vertical(id="list"):
                    yield FindLine(id="find")
                    yield FilterTable(self.listing.columns, id="table")
                yield DetailPane(id="details")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.table.focus()

    def on_screen_resume(self) -> None:
        self.snapshot_changed()

    def on_resize(self) -> None:
        self.table.show_all_columns(self.app.size.width >= 132)

    # --- reading -----------------------------------------------------------------

    def snapshot_changed(self) -> None:
        self.refresh_head()
        snapshot = self.house.snapshot
        if snapshot is None:
            self._show_details()
        elif snapshot is not self._snapshot and self.is_current:
            self._make_rows(snapshot)

    @work(thread=True, exclusive=True, group="rows", exit_on_error=False)
    def _make_rows(self, snapshot: Snapshot) -> None:
        rows = self.make_rows(snapshot)
        message = self.Loaded(snapshot, rows, [haystack(row) for row in rows])
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    def make_rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """The rows of a picture; runs in a worker, so it changes nothing of the screen."""
        return self.listing.rows(snapshot, snapshot.taken_at)

    def rows_made(self, rows: Sequence[Row]) -> None:
        """What `make_rows` gave is about to be shown."""

    @on(Loaded)
    def _show(self, message: Loaded) -> None:
        before, self._snapshot = self._snapshot, message.snapshot
        self.rows_made(message.rows)
        if before is None or not self.table.holds(message.rows):
            self.table.load(message.rows, message.haystacks)
        self._obey_target()
        self._show_counts()
        self._show_details()
        if before is None and (problem := self._part_problem() or self._what_lacks()):
            self.say(problem)
        elif before is not None and self._round != self.house.rounds:
            self.say(f"Read again: {self._counted(len(message.rows))}.")
        self._round = self.house.rounds

    def _part_problem(self) -> str:
        """Why there are no rows at all; what could be read in part is told on Start."""
        if self._snapshot is None:
            return ""
        part = self._snapshot.parts[self.listing.part]
        return f"{part.problem} {part.hint}".strip() if part.value is None else ""

    def _what_lacks(self) -> str:
        """That PVE shows this user only a part of the rows, and what rests on all of them."""
        if self._snapshot is None or not self._snapshot.restricted:
            return ""
        part = self._snapshot.parts[self.listing.part]
        return f"{part.problem} {part.hint}".strip()

    # --- finding -----------------------------------------------------------------

    def find(self, text: str, view: str = "") -> None:
        """Show only what the words select; `view` names a prepared selection."""
        self._view = view
        before, self._query = self._query, parse_query(text, self.listing.fields)
        self._narrow()
        if self._query.problem or before.problem:
            self.say(self._query.problem)

    def _narrow(self) -> None:
        self.table.narrow(self._query.select if self._query.text else None)
        self._show_counts()

    def _show_counts(self) -> None:
        table = self.table
        view = self._view or ("" if self._query.text else self.whole)
        shown, total = table.count, table.total
        words = self._counted(total)
        if self._query.text:
            words = f"{shown:,} of {total:,}"
        if self._part_problem():
            words = "not read"
        if table.marks:
            hidden = table.hidden_marks()
            words += f"   {len(table.marks)} marked" + (f", {hidden} hidden" if hidden else "")
        text = "" if self._view else self._query.text
        self.query_one(FindLine).show_parts(text, view, words)
        for bar in self.query("FindBar"):
            cast("FindBar", bar).show_count(words)
        self._show_marks()
        self.show_keys()

    def _counted(self, number: int) -> str:
        return count_words(number, *self.listing.noun)

    def open_find(self) -> None:
        """`/`: a field in place of the line; it narrows at every key."""
        from widgets.find_field import FindBar  # brings Textual's Input

        if not self.query(FindBar):
            line = self.query_one(FindLine)
            self._view = ""
            bar = FindBar(self._query.text, self._find_typed)
            self.query_one("#list").mount(bar, before=line)
            line.display = False

    def _find_typed(self, text: str) -> None:
        if text != self._query.text:
            self.find(text)

    def on_find_field_done(self) -> None:
        for bar in self.query("FindBar"):
            bar.remove()
        self.query_one(FindLine).display = True
        self._show_counts()
        self.table.focus()

    @property
    def view_names(self) -> list[str]:
        """What `v` offers; the first leaves nothing out."""
        return [_EVERYTHING, *(view.name for view in self.listing.views)]

    def choose_view(self) -> None:
        names = self.view_names

        def chosen(index: int | None) -> None:
            if index is not None:
                self.open_view(names[index])

        at = names.index(self._view) if self._view in names else 0
        self.app.push_screen(ChooseScreen("View", names, at), chosen)

    def open_view(self, name: str) -> None:
        """Show a prepared selection by its name; one that ends in `:` waits for a word."""
        view = next((view for view in self.listing.views if view.name == name), None)
        if name == _EVERYTHING:
            self.find("")
        elif view is None:
            self.say(f"There is no view {name} here. v shows them.")
        elif view.query.endswith(":"):
            self.find(view.query)
            self.open_find()
        else:
            self.find(view.query, view.name)

    def choose_sort(self) -> None:
        columns = self.table.columns
        names = ["as PVE orders it", *(column.title for column in columns)]
        names += [f"{column.title}, backwards" for column in columns]

        def chosen(index: int | None) -> None:
            if index is not None:
                self.sort_by(index, names[index])

        self.app.push_screen(ChooseScreen("Sort by", names), chosen)

    def sort_by(self, index: int, name: str) -> None:
        count = len(self.table.columns)
        column = None if index == 0 else (index - 1) % count
        self.table.sort(column, reverse=index > count)
        self.say(f"Sorted: {name}.")

    # --- rows --------------------------------------------------------------------

    def follow(self, target: Target) -> None:
        """Show what a finding points at, as soon as there are rows."""
        self._target = target
        if self._snapshot is not None:
            self._obey_target()

    def _obey_target(self) -> None:
        target, self._target = self._target, None
        if target:
            self.find(target.query)
            if target.key and not self.table.go_to(target.key):
                self.say(f"{target.key} is not here.")

    def toggle_mark(self) -> None:
        if key := self.table.key:
            self.table.set_marks(self.table.marks ^ {key})
            self.table.action_move(1)
            self._show_counts()

    @property
    def acted_on(self) -> tuple[str, ...]:
        """The rows that a key acts on: those marked, hidden or not, else the cursor's."""
        key = self.table.key
        return tuple(sorted(self.table.marks)) or ((key,) if key else ())

    def objects(self, keys: Sequence[str]) -> list[Key]:
        """What rows stand for, as objects that can be changed."""
        return [self.object_of(key) for key in keys]

    def object_of(self, key: str) -> Key:
        """One of them; the name of the list tells its kind."""
        return Key(_KINDS[self.listing.name], key)

    def remove_rows(self) -> None:
        """`d`: the plan that removes the rows."""
        from pve_auth_tui.core.intents.removal import remove

        self.house.review(remove(self.objects(self.acted_on)), self.changed)

    def add_row(self) -> None:
        """`a`: the form of a new one."""
        raise NotImplementedError

    def edit_rows(self) -> None:
        """`e`: the form of the row, or of all marked rows."""
        raise NotImplementedError

    def subject_of(self, key: str) -> str:
        """The userid or full token id that a row is about; "" when it is about nobody."""
        return key if self.listing.name in ("users", "tokens") else ""

    def place_of(self, key: str) -> str:
        """The ACL path that a row is about; "/" when it is about none."""
        return "/"

    def explain_row(self) -> None:
        """`w`: why, for the row's person and place."""
        if key := self.table.key:
            self.explain(self.subject_of(key), self.place_of(key))

    def who_can_row(self) -> None:
        """`W`: everybody who can do something at the row's place."""
        if key := self.table.key:
            self.who_can("", self.place_of(key))

    def why_no_compare(self) -> str:
        """Why the row cannot be compared; "" when it can."""
        key = self.table.key
        return "" if key and self.subject_of(key) else "Users and API tokens can be compared."

    def compare_row(self) -> None:
        """`b`: the two that are marked, or the row and somebody who is asked for."""
        subjects = [subject for key in self.acted_on if (subject := self.subject_of(key))]
        self.compare(subjects[0], subjects[1] if len(subjects) == 2 else "")

    def changed(self, report: object) -> None:
        """A plan on rows was run (or, with None, left): what was marked has served."""
        if report is not None:
            self.table.set_marks(frozenset())
            self.say("")  # it may have told of marks
            self._show_counts()

    def name_of(self, key: str) -> str:
        """A row as people name it."""
        return key

    def _show_marks(self) -> None:
        marks = self.table.marks
        if not marks:
            return
        visible = {row.key for row in self.table.rows_shown}
        names = [
            self.name_of(key) + ("" if key in visible else " (hidden)") for key in sorted(marks)[:3]
        ]
        if len(marks) > 3:
            names[-1] = f"{len(marks) - 2} more"
        said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        self.say(f"{len(marks)} marked: keys act on {said}, not on >. Esc unmarks.")

    def next_to_look_at(self) -> None:
        if not self.table.go_to_next(lambda row: row.fields.get("look") == "yes"):
            self.say("Nothing here needs a look.")

    def row_moved(self) -> None:
        if self._rest is None:
            self._rest = self.set_timer(_REST, self._show_details)
        else:
            self._rest.reset()

    def _show_details(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        heading, lines = self.details()
        self.query_one(DetailPane).show(heading, lines)
        self.show_keys()  # some work on some rows only

    def details(self) -> tuple[str, Sequence[Line]]:
        """Heading and lines about the row under the cursor."""
        snapshot, key = self._snapshot, self.table.key
        if snapshot is None:
            return "", self.house.why_no_picture()
        if key is None:
            none = "Nothing is found. Esc shows everything." if self._query.text else ""
            empty = self._part_problem() or none or "Nothing to show."
            return "", (Line(empty),)
        lines = self.listing.details(snapshot, key, snapshot.taken_at)
        return self.listing.heading(snapshot, key), lines

    def open_details(self) -> None:
        from screens.details import DetailsScreen  # only when a row is opened

        heading, lines = self.details()
        self.app.push_screen(DetailsScreen(self.listing.title, heading, lines))

    def show_commands(self) -> None:
        """`c`: the lines a person would type to see the same."""
        from screens.details import DetailsScreen

        key = self.table.key
        lines = self.listing.commands(key) if key else ()
        self.app.push_screen(
            DetailsScreen(self.listing.title, "Commands", [Line(line) for line in lines])
        )

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def save_list(self) -> None:
        """`f`: what is shown, as a table of text, into a file for this user alone."""
        columns = self.table.columns
        rows = [row.cells for row in self.table.rows_shown]
        try:
            where = self.house.exports.save_table(
                self.listing.name, [column.title for column in columns], rows
            )
            sentence = f"Saved as {where}"
        except AuthTuiError as error:
            sentence = f"{error} {error.hint}".strip()
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(partial(self.say, sentence))

    def step_back(self) -> None:
        """Esc: unmarks, then drops the selection, then leaves."""
        if self.table.marks:
            self.table.set_marks(frozenset())
            self.say("Unmarked.")
            self._show_counts()
        elif self._query.text:
            self.find("")
            self.say("")
        else:
            self.house.open_start()

    def obey(self, words: str) -> bool:
        """`view NAME` and `find WORDS`."""
        name, _, rest = words.partition(" ")
        if name == "view" and rest:
            self.open_view(rest)
        elif name == "find" and rest:
            self.find(rest)
        else:
            return super().obey(words)
        return True

    def words_for_prompt(self) -> list[str]:
        views = [f"view {name}" for name in self.view_names[1:]]
        return [*super().words_for_prompt(), *views]
