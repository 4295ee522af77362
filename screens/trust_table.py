"""What the screens of CAs share: a table, and below it the row under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.timer import Timer

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.find import haystack
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.plain import plain
from screens.base import BaseScreen
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable
from widgets.lines import Rule

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Plan
    from pve_auth_tui.services.report import Report
    from pve_auth_tui.services.steps import OnProgress

TITLE: Final = "CA Trust"
_REST: Final = 0.15  # seconds after the last key until the detail pane follows


class TrustTable(BaseScreen):
    """Subclasses give `COLUMNS`, load rows with `load`, and tell of a row in `details`."""

    CSS_PATH = "trust_table.tcss"
    COLUMNS: ClassVar[tuple[Column, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._rest: Timer | None = None

    @property
    def open_title(self) -> str:
        return TITLE

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield FilterTable(self.COLUMNS, id="table")
        yield DetailPane(id="details")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.table.focus()

    # --- rows --------------------------------------------------------------------------------

    def head(self, *parts: str) -> None:
        """What stands in the rule above the table."""
        self.query_one("#heading", Rule).show_parts(*(plain(part) for part in parts))

    def load(self, rows: Sequence[Row]) -> None:
        """The cursor and the marks stay on their rows."""
        there = frozenset(row.key for row in rows)
        self.table.load(rows, [haystack(row) for row in rows])
        self.table.set_marks(self.table.marks & there)
        self._show_details()
        self.show_keys()

    def details(self, key: str | None) -> tuple[str, Sequence[Line]]:
        """A heading, and everything that is known about that row."""
        raise NotImplementedError

    def row_moved(self) -> None:
        if self._rest is None:
            self._rest = self.set_timer(_REST, self._show_details)
        else:
            self._rest.reset()
        self.show_keys()

    def _show_details(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        self.query_one(DetailPane).show(*self.details(self.table.key))

    def open_row(self) -> None:
        """Enter"""
        from screens.details import DetailsScreen

        heading, lines = self.details(self.table.key)
        self.app.push_screen(DetailsScreen(TITLE, heading, lines))

    def toggle_mark(self) -> None:
        """Space"""
        table, key = self.table, self.table.key
        if key is not None:
            table.set_marks(table.marks ^ {key})
            table.action_move(1)
            count = len(table.marks)
            self.say(f"{count} marked." if count else "Nothing is marked.")
            self.show_keys()

    @property
    def acted_on(self) -> list[str]:
        """The marked rows, else the one under the cursor."""
        marks = self.table.marks
        if marks:
            return [row.key for row in self.table.rows_shown if row.key in marks]
        return [self.table.key] if self.table.key else []

    def tell(self, error: AuthTuiError) -> None:
        """What went wrong and what to try, as one sentence."""
        self.say(f"{plain(str(error))} {plain(error.hint)}".strip())

    # --- plans -------------------------------------------------------------------------------

    def why_no_change(self) -> str:
        """Why nothing can be changed from here; "" when it can. Quorum plays no part."""
        node = self.house.node
        if node is not None and node.read_only:
            return "This was started with --read-only: nothing is changed."
        return ""

    def carry(self, plan: Plan, word: str, on_progress: OnProgress) -> Report:
        """In a worker: run it, and take an import back that does not become trusted."""
        done = self.house.workshop.trust.apply(
            plan, override=word, on_progress=on_progress, on_roll_back=self._announce
        )
        if done.rolled_back is None:
            return done.report
        told = (
            "It failed, so it was taken back: its file is gone, the store was made anew."
            if done.rolled_back.ok
            else "It failed, and could not be taken back whole: look at what is listed here."
        )
        return replace(done.report, remarks=(*done.report.remarks, told))

    def _announce(self, back: Plan) -> None:
        from screens.plan import PlanScreen

        def tell() -> None:
            for screen in reversed(self.app.screen_stack):
                if isinstance(screen, PlanScreen):
                    screen.goes_on("It did not become trusted, so it is taken back.")
                    return

        self.app.call_from_thread(tell)
