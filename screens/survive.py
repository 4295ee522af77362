"""`:survive`: administrators and their factors against eight troubles, and who was proved when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.drills import why_no_drill
from pve_auth_tui.core.survive.page import page
from pve_auth_tui.core.survive.survival import Row, Survival, survival
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.told import (
    cell_heading,
    cell_lines,
    columns,
    narrow_columns,
    narrow_rows,
    row_lines,
    summary,
    table_rows,
)
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Commands
from screens.survive_commands import (
    Drill,
    LeaveMatrix,
    OpenWay,
    SaveMatrix,
    TroubleAfter,
    TroubleBefore,
    WhatToDo,
)
from widgets.detail_pane import DetailPane, Paragraph
from widgets.filter_table import FilterTable
from widgets.lines import Rule

_TITLE: Final = "Survive"
_ALL: Final = 77  # cells that all columns need
_LARGE: Final = 132
_IN_PART: Final = (
    "PVE shows this login only a part of the users, so who gets in cannot be told. Ask as root on"
    " the node, or as somebody with Sys.Audit on /access."
)


class SurviveScreen(BaseScreen):
    """One row for each way in, one column for each trouble; the details tell of the chosen cell."""

    CSS_PATH = "survive.tcss"
    OFFERS: ClassVar[Commands] = (
        *(OpenWay, TroubleBefore, TroubleAfter, Drill, WhatToDo, SaveMatrix, LeaveMatrix),
        *(command for command in EVERYWHERE if command is not Back),
    )

    @dataclass
    class Found(Message):
        """What a worker has worked out of a picture."""

        snapshot: Snapshot
        survival: Survival

    @dataclass
    class Told(Message):
        """Something for the status line."""

        sentence: str

    def __init__(self) -> None:
        super().__init__()
        self._survival: Survival | None = None
        self._of: Snapshot | None = None  # whose the matrix is
        self._threat = Threat.IDP
        self._is_narrow = False

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    @property
    def open_title(self) -> str:
        return _TITLE

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield Paragraph(id="summary")
        yield FilterTable(columns(), id="table")
        yield DetailPane(id="details")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one("#heading", Rule).show_parts("Who still gets in, whatever breaks")
        self.table.focus()
        self.begin()

    def on_resize(self) -> None:
        width = self.app.size.width
        self.table.show_all_columns(width >= _LARGE)
        if (width - 3 < _ALL) != self._is_narrow:
            self._is_narrow = not self._is_narrow
            self._show()

    # --- working it out -----------------------------------------------------------------------

    def begin(self) -> None:
        """Work it out of the picture that there is now."""
        snapshot = self.house.snapshot
        if snapshot is None:
            self._show_nothing(" ".join(line.text for line in self.house.why_no_picture()))
        elif snapshot.restricted:
            self._show_nothing(_IN_PART)
        elif snapshot is not self._of:
            if self._survival is None:
                self._show_nothing("...")
            self._of = snapshot
            self._work_out(snapshot, self.house.workshop.clock.now())

    @work(thread=True, exclusive=True, group="survive", exit_on_error=False)
    def _work_out(self, snapshot: Snapshot, now: float) -> None:
        self._post(self.Found(snapshot, survival(snapshot, now)))

    def _post(self, message: Message) -> None:
        """From a worker; what comes too late is dropped."""
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Found)
    def _take(self, message: Found) -> None:
        self._survival = message.survival
        self._show()
        self.show_keys()

    def snapshot_changed(self) -> None:
        self.refresh_head()
        self.begin()

    def on_screen_resume(self) -> None:
        self.begin()

    # --- showing ------------------------------------------------------------------------------

    def _show_nothing(self, sentence: str) -> None:
        self._survival = self._of = None
        self.query_one("#summary", Paragraph).show((Line(sentence),))
        self.table.load((), ())
        self.query_one(DetailPane).show("", ())
        self.show_keys()

    def _show(self) -> None:
        found = self._survival
        if found is None:
            return
        number = found.findings[0]
        self.query_one("#summary", Paragraph).show((Line(number.text, word=number.word),))
        table, now, key = self.table, self._now, self.table.key
        if self._is_narrow:
            table.show_columns(narrow_columns(self._threat))
            rows = narrow_rows(found, self._threat)
        else:
            if len(table.columns) != len(columns()):
                table.show_columns(columns())
            rows = table_rows(found, now, self._threat)
        table.load(rows, [row.key for row in rows])
        if key is not None:
            table.go_to(key)
        self.row_moved()

    @property
    def _now(self) -> float:
        return self.house.workshop.clock.now()

    def row_moved(self) -> None:
        row, pane = self._row, self.query_one(DetailPane)
        if row is None:
            pane.show("", ())
        else:
            pane.show(cell_heading(row, self._threat), cell_lines(row, self._threat, self._now))
        self.show_keys()

    @property
    def _row(self) -> Row | None:
        """The way in under the cursor."""
        key = self.table.key
        rows = self._survival.rows if self._survival else ()
        return next((row for row in rows if row.way.key == key), None)

    # --- what keys do ---------------------------------------------------------------------------

    def choose_trouble(self, step: int) -> None:
        """Left and right."""
        threats = list(Threat)
        at = threats.index(self._threat) + step
        self._threat = threats[min(len(threats) - 1, max(0, at))]
        self._show()

    def why_no_row(self) -> str:
        """Why there is no way in under the cursor; "" when there is one."""
        return "" if self._row is not None else "There is nothing to tell of yet."

    def why_no_drill(self) -> str:
        """Why the way in cannot be proved from here; "" when it can."""
        return why_no_drill(self._row.way) if self._row else ""

    def open_way(self) -> None:
        """`enter`"""
        from screens.details import DetailsScreen

        row = self._row
        if row is not None:
            heading = f"{row.way.userid}, {row.way.shown}"
            self.app.push_screen(DetailsScreen(_TITLE, heading, row_lines(row, self._now)))

    def open_findings(self) -> None:
        """`n`"""
        from screens.details import DetailsScreen

        if self._survival is not None:
            lines: list[Line] = []
            for line in summary(self._survival):
                lines += [line, Line("")]
            self.app.push_screen(DetailsScreen(_TITLE, "What needs a look", lines))

    def drill(self) -> None:
        """`t`: the login itself notes its date."""
        from screens.prove import ProveScreen

        row = self._row
        if row is not None:
            self.app.push_screen(ProveScreen(row.way.userid))

    def save(self) -> None:
        """`f`"""
        if self._survival is not None and self._of is not None:
            self._save(page(self._survival, self._of, self._now))

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, text: str) -> None:
        try:
            path = self.house.exports.save_text("survive.txt", text)
        except AuthTuiError as error:
            self._post(self.Told(f"{error} {error.hint}".strip()))
        else:
            self._post(self.Told(f"Saved, for you alone: {path}"))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)
