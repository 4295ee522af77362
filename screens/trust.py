"""`:ca`: the CAs that this node trusts besides Debian's, and what is wrong with their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.trust.places import FOLDER
from pve_auth_tui.core.trust.store import LocalStore
from pve_auth_tui.core.trust.words import store_summary
from screens.commands import Commands
from screens.trust_commands import OF_STORE
from screens.trust_rows import GHOST, STORE, ghost_lines, store_rows, stored_lines
from screens.trust_table import TITLE, TrustTable
from screens.unwaited import until_given_up

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.services.plans import Report
    from pve_auth_tui.services.trust import TrustService

__all__ = ["TITLE", "TrustScreen"]

_READS: Final = "Reading the files, the bundle and the hashed folder ..."
_NOTHING: Final = (
    Line("Only Debian's own CAs are trusted by this node.", "", "ok"),
    Line("a imports one. Is it for one realm alone? Then a capath of that realm is enough."),
)


class TrustScreen(TrustTable):
    """Rows are files by their names. Nothing is looked at again by itself."""

    OFFERS: ClassVar[Commands] = OF_STORE
    COLUMNS = STORE

    @dataclass
    class Loaded(Message):
        """Everything was read. `now` in seconds since 1970; `said`: what came before."""

        number: int
        store: LocalStore
        now: float

    @dataclass
    class Failed(Message):
        """It could not be, and why; or no plan could be made."""

        number: int
        error: AuthTuiError

    @dataclass
    class Planned(Message):
        """What removes the files, once the realms were asked who relies on them."""

        intent: Intent

    def __init__(self) -> None:
        super().__init__()
        self._store: LocalStore | None = None
        self._now = 0.0
        self._number = 0
        self._said = ""
        self.busy = ""
        """What is being done, as a sentence; "" while nothing is."""

    def on_mount(self) -> None:
        self.head("CAs that this node trusts", FOLDER)
        self.look_again()

    # --- reading -----------------------------------------------------------------------------

    def look_again(self, said: str = "") -> None:
        """`r`, and after a change; `said` is told beside what was found."""
        self._number += 1
        self._said = said
        self.busy = _READS
        self.say(said or _READS)
        self._show()
        self._read(self._number)

    @work(thread=True, exclusive=True, group="trust", exit_on_error=False)
    def _read(self, number: int) -> None:
        worker = get_current_worker()

        def read() -> None:
            message: Message
            try:
                trust = self.house.workshop.trust
                message = self.Loaded(number, trust.listed(), trust.clock.now())
            except AuthTuiError as error:
                message = self.Failed(number, error)
            if not worker.is_cancelled:
                self.post_message(message)

        until_given_up(read, lambda: worker.is_cancelled)

    @on(Loaded)
    def _take(self, message: Loaded) -> None:
        if message.number == self._number:
            self._store, self._now, self.busy = message.store, message.now, ""
            self._show()
            self.say(f"{self._said} {plain(store_summary(message.store))}".strip())

    @on(Failed)
    def _take_failure(self, message: Failed) -> None:
        if message.number == self._number:
            self.busy = ""
            self._show()
            self.tell(message.error)

    def _show(self) -> None:
        self.load(store_rows(self._store, self._now) if self._store else [])

    def details(self, key: str | None) -> tuple[str, Sequence[Line]]:
        store = self._store
        if store is None or key is None:
            if self.busy or store is None:
                return "", (Line(self.busy or self._sentence),)
            return "", _NOTHING
        stored = store.at(key)
        if stored is None:
            return "A certificate without a file", ghost_lines(store, key, self._now)
        return plain(stored.name), stored_lines(stored, self._now)

    # --- what keys do ------------------------------------------------------------------------

    def why_no_file(self) -> str:
        """Why there is nothing to remove; "" when there is."""
        keys = self.acted_on
        if not keys:
            return "There is no file here."
        if any(key.startswith(GHOST) for key in keys):
            return "Its file is gone. What is left goes with: update-ca-certificates --fresh"
        return self.busy

    def import_ca(self) -> None:
        """`a`"""
        from screens.trust_import import TrustImportForm

        self.app.push_screen(TrustImportForm(self._changed))

    def test_server(self) -> None:
        """`t`"""
        from screens.trust_check import TrustCheckScreen

        self.app.push_screen(TrustCheckScreen(on_changed=self._changed))

    def remove_files(self) -> None:
        """`d`"""
        self.say("Asking realms that verify whether they rely on it; no password is sent ...")
        self._plan_removal(self._number, self.acted_on)

    @work(thread=True, exclusive=True, group="trust-plan", exit_on_error=False)
    def _plan_removal(self, number: int, names: list[str]) -> None:
        worker = get_current_worker()

        def plan() -> None:
            message: Message
            try:
                trust: TrustService = self.house.workshop.trust
                outlook = self.house.outlook
                if outlook is None:
                    raise AuthTuiError("Nothing was read yet.", "r reads again.")
                message = self.Planned(trust.remove(names, outlook))
            except AuthTuiError as error:
                message = self.Failed(number, error)
            if not worker.is_cancelled:
                self.post_message(message)

        until_given_up(plan, lambda: worker.is_cancelled)

    @on(Planned)
    def _review(self, message: Planned) -> None:
        if self.is_current:
            self.house.review(message.intent, self._ran, self.tell, carries=self.carry)

    def _ran(self, report: Report | None) -> None:
        if report is None:
            self.say("Nothing was changed.")
        else:
            self._changed(report)

    def _changed(self, report: Report | None) -> None:
        """A plan was run: what is there now is looked at, whatever came of it."""
        if report is not None:
            ok = "Done." if report.ok else "Not all went as planned."
            remark = f" {report.remarks[-1]}" if report.remarks and not report.ok else ""
            self.look_again(f"{ok}{remark}")

    def step_back(self) -> None:
        """Esc: unmarks, then goes back."""
        if self.table.marks:
            self.table.set_marks(frozenset())
            self.say("Nothing is marked.")
            self.show_keys()
        else:
            super().step_back()
