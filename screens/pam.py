"""`:pam`: whether root gets in, and nobody without a password, by PAM's own files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.find import haystack
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.pam.model import PamReport
from pve_auth_tui.core.pam.told import COLUMNS, COVERED, details, heading, rows, summary
from pve_auth_tui.core.plain import plain
from screens.base import BaseScreen
from screens.commands import Commands
from screens.pam_commands import OF_PAM
from screens.unwaited import until_given_up
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable
from widgets.lines import Rule

_TITLE: Final = "PAM"
_REST: Final = 0.15  # seconds after the last key until the detail pane follows
_READS: Final = "Reading /etc/pam.d ..."


class PamScreen(BaseScreen):
    """A row for each phase of each service, then for what is wrong with the files. Nothing is
    looked at again by itself, and nothing is ever changed from here.
    """

    CSS_PATH = "pam.tcss"
    OFFERS: ClassVar[Commands] = OF_PAM

    @dataclass
    class Checked(Message):
        """Everything was read, or could not be, and why."""

        number: int
        outcome: PamReport | AuthTuiError

    def __init__(self) -> None:
        super().__init__()
        self._report: PamReport | None = None
        self._rest: Timer | None = None
        self._number = 0
        self.busy = ""
        """What is being done, as a sentence; "" while nothing is."""

    @property
    def open_title(self) -> str:
        return _TITLE

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield FilterTable(COLUMNS, id="table")
        yield DetailPane(id="details")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one("#heading", Rule).show_parts("Who gets in by PAM", "/etc/pam.d")
        self.table.focus()
        self.look_again()

    # --- reading -----------------------------------------------------------------------------

    def look_again(self) -> None:
        """`r`"""
        self._number += 1
        self.busy = _READS
        self.say(_READS)
        self._show()
        self._check(self._number)

    @work(thread=True, exclusive=True, group="pam", exit_on_error=False)
    def _check(self, number: int) -> None:
        worker = get_current_worker()

        def check() -> None:
            outcome: PamReport | AuthTuiError
            try:
                outcome = self.house.workshop.pam.check()
            except AuthTuiError as error:
                outcome = error
            if not worker.is_cancelled:
                self.post_message(self.Checked(number, outcome))

        until_given_up(check, lambda: worker.is_cancelled)

    @on(Checked)
    def _take(self, message: Checked) -> None:
        if message.number != self._number:
            return
        self.busy = ""
        if isinstance(message.outcome, AuthTuiError):
            self._report = None
            error = message.outcome
            self.say(f"{plain(str(error))} {plain(error.hint)}".strip())
        else:
            self._report = message.outcome
            self.say(plain(summary(message.outcome)))
        self._show()

    # --- showing -----------------------------------------------------------------------------

    def _show(self) -> None:
        found = rows(self._report) if self._report is not None else []
        self.table.load(found, [haystack(row) for row in found])
        self._show_details()
        self.show_keys()

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
        title, lines = self._told()
        self.query_one(DetailPane).show(plain(title), lines)

    def _told(self) -> tuple[str, tuple[Line, ...]]:
        report, key = self._report, self.table.key
        if report is None or key is None:
            return "", (Line(self.busy or self._sentence),)
        return heading(report, key), details(report, key)

    def open_row(self) -> None:
        """Enter"""
        from screens.details import DetailsScreen

        title, lines = self._told()
        self.app.push_screen(DetailsScreen(_TITLE, plain(title), [*lines, Line(""), Line(COVERED)]))
