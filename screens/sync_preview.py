"""What a sync would do: read from the directory, worked out anew at every choice, never written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.directory.unsafe import bind_password
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.lists.parts import realm_of
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.sync.dryrun import DryRun, compare
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.options import usual
from pve_auth_tui.core.sync.preview import Preview, What
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.core.words import count_words, thousands
from screens.at_directory import AtDirectory
from screens.commands import Commands
from screens.sync_preview_commands import OF_PREVIEW
from screens.sync_preview_rows import (
    COLUMNS,
    KIND,
    MEANS,
    PVE,
    Agreement,
    everybody,
    sections,
    turned,
)
from screens.unwaited import until_given_up
from widgets.lines import HeadLine, KeyLine, Rule, Sentence
from widgets.sections import Sections

if TYPE_CHECKING:
    from pve_auth_tui.core.domains import Realm
    from pve_auth_tui.core.secret import Secret
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.services.plans import Report

_TITLE: Final = "Realms"
_READS: Final = "The directory is being read. Esc stops it."
_ASKS: Final = Agreement("-", "PVE's own preview is being made ...")
_RESTS: Final = 1.5  # seconds after the last choice until PVE is asked again
_EVERYTHING: Final = SyncOptions("both")
"""What is read, so that no choice needs another reading."""


class SyncPreviewScreen(AtDirectory):
    """`options`: what the sync would be asked for, None for the realm's own defaults."""

    CSS_PATH = "sync_preview.tcss"
    OFFERS: ClassVar[Commands] = OF_PREVIEW

    @dataclass
    class Counted(Message):
        """So many entries have come."""

        number: int
        count: int

    @dataclass
    class Read(Message):
        """All of them."""

        number: int
        found: Found

    @dataclass
    class Failed(Message):
        """Nothing could be read, and why."""

        number: int
        error: AuthTuiError

    @dataclass
    class Foretold(Message):
        """What a worker has worked out; or why nothing can be foretold."""

        number: int
        told: Preview | AuthTuiError

    @dataclass
    class Remembered(Message):
        """How many users each of the last runs removed."""

        earlier: tuple[int, ...]

    @dataclass
    class Answered(Message):
        """PVE's own preview with these options; or why there is none."""

        number: int
        options: SyncOptions
        dry_run: DryRun | None
        problem: str = ""

    @dataclass
    class Told(Message):
        """Something for the status line."""

        sentence: str

    def __init__(self, realm: str, options: SyncOptions | None = None) -> None:
        super().__init__()
        self._realm = realm
        self._options = options
        self._password: Secret | None = None
        self._asked_password = False
        self._found: Found | None = None
        self._preview: Preview | None = None
        self._earlier: tuple[int, ...] | None = None
        self._answer: SyncPreviewScreen.Answered | None = None  # PVE's, to the choices of now
        self._of: Snapshot | None = None  # whose the preview is
        self._number = 0  # of the reading: what an older one finds is dropped
        self._worked = 0  # and of what is worked out of it,
        self._asked = 0  # and of what PVE answers
        self._worker: Worker[None] | None = None
        self._done = ""  # what was done from here, as a sentence
        self._asks_later: Timer | None = None
        self.busy = ""
        """What is being done, as a sentence; "" while nothing is."""

    @property
    def open_title(self) -> str:
        return _TITLE

    @property
    def rows(self) -> Sections:
        return self.query_one(Sections)

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        yield Sections(id="rows")
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self._show_heading("")
        self.rows.focus()
        self.call_after_refresh(self.begin)  # a question may have to be asked over it

    def on_resize(self) -> None:
        self._show()

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """No lists in view: every line counts here. Their digits work."""

    def _show_heading(self, right: str) -> None:
        title = f"Sync realm {self._realm}: Preview. Nothing is written."
        self.query_one("#heading", Rule).show_parts(title, right)

    # --- reading -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Read the directory; where others could read the password, somebody is asked."""
        try:
            realm = self._known_realm()
            settings = settings_of(realm)
            if self._options is None:
                self._options = usual(realm)
        except AuthTuiError as error:
            self._show_trouble(error)
            return
        self.agree_then(settings, bind_password(settings), partial(self._start, settings))

    def _known_realm(self) -> Realm:
        snapshot = self.house.snapshot
        realm = realm_of(snapshot, self._realm) if snapshot else None
        if realm is None:
            raise UsageError(f"There is no realm {self._realm}.", "Esc goes back.")
        return realm

    def _start(self, settings: DirectorySettings, agreed: bool) -> None:
        if not (agreed or settings.safe):
            self.rows.show(["Nothing was read, for this realm is not safe. r asks again."], ())
            self.say("Nothing was read.")
            return
        self._number += 1
        self._done = ""
        self.busy = _READS
        self._worker = self._read(self._number, settings, self._password, agreed=agreed)
        if self._preview is None:
            self.rows.show([f"Reading {', '.join(settings.servers)} ..."], ())
        self.say("Reading the directory ... Esc stops it.")
        self.show_keys()

    @work(thread=True, exclusive=True, group="directory", exit_on_error=False)
    def _read(
        self, number: int, settings: DirectorySettings, password: Secret | None, *, agreed: bool
    ) -> None:
        worker = get_current_worker()

        def read() -> None:
            post = partial(self._post, worker)
            try:
                found = self.house.workshop.sync.read(
                    settings,
                    _EVERYTHING,
                    password,
                    agreed=agreed,
                    on_page=lambda count: post(self.Counted(number, count)),
                    stopped=lambda: worker.is_cancelled,
                )
            except AuthTuiError as error:
                post(self.Failed(number, error))
            else:
                post(self.Read(number, found))

        until_given_up(read, lambda: worker.is_cancelled)

    def _post(self, worker: Worker[None], message: Message) -> None:
        """What comes too late is dropped."""
        if not worker.is_cancelled:
            self.post_message(message)

    @on(Counted)
    def _tell_count(self, message: Counted) -> None:
        if message.number == self._number and self.busy:
            count = count_words(message.count, "entry", "entries")
            self.say(f"Reading the directory: {count} so far. Esc stops it.")

    @on(Read)
    def _take_found(self, message: Read) -> None:
        if message.number != self._number:
            return
        self.busy = ""
        self._found = message.found
        self._show_heading(f"read in {message.found.seconds:.1f} s")
        self._work_out()
        self._ask_pve()

    @on(Failed)
    def _take_failure(self, message: Failed) -> None:
        if message.number != self._number:
            return
        self.busy = ""
        error = message.error
        missing = isinstance(error, DirectoryTrouble) and error.cause is Cause.NO_PASSWORD
        if missing and self._password is None and not self._asked_password:
            self._asked_password = True
            self.ask_bind_password(settings_of(self._known_realm()), self._use_password)
        self._show_trouble(error)

    def _use_password(self, password: Secret) -> None:
        self._password = password
        self.begin()

    def _show_trouble(self, error: AuthTuiError) -> None:
        """In place of a preview."""
        self._found = self._preview = self._of = None
        self._worked += 1
        self._show_heading("")
        told = (f"BAD  {error}", error.hint, "t tests the realm stage by stage, r reads again.")
        self.rows.show([plain(sentence) for sentence in told if sentence], ())
        self.say(f"Nothing was read. {plain(str(error))}")
        self.show_keys()

    def step_back(self) -> None:
        """Esc: stops reading, then leaves."""
        if not self.busy:
            super().step_back()
            return
        if self._worker is not None:
            self._worker.cancel()
        self._number += 1
        self.busy = ""
        if self._preview is None:
            self.rows.show(["Stopped before everything was read. r begins anew."], ())
        self.say("Stopped. Nothing was written.")
        self.show_keys()

    # --- foretelling -------------------------------------------------------------------------

    def _work_out(self) -> None:
        """From what was read, with the picture and the choices that there are now."""
        snapshot = self.house.snapshot
        if self._found is not None and self._options is not None and snapshot is not None:
            self._of = snapshot
            now = self.house.workshop.clock.now()
            self._worked += 1
            known = self._earlier or ()
            found, options = self._found, self._options
            self._foretell(self._worked, snapshot, found, options, now, earlier=known)

    @work(thread=True, exclusive=True, group="preview", exit_on_error=False)
    def _foretell(
        self,
        number: int,
        snapshot: Snapshot,
        found: Found,
        options: SyncOptions,
        now: float,
        *,
        earlier: tuple[int, ...],
    ) -> None:
        worker = get_current_worker()
        try:
            foretold = preview(snapshot, found, options, now=now, earlier=earlier)
        except AuthTuiError as error:
            self._post(worker, self.Foretold(number, error))
        else:
            self._post(worker, self.Foretold(number, foretold))

    @on(Foretold)
    def _take_preview(self, message: Foretold) -> None:
        told = message.told
        if message.number != self._worked:
            return
        if isinstance(told, AuthTuiError):
            self._show_trouble(told)
            return
        self._preview = told
        self._show()
        if not self.busy:
            self.say(told.limit or self._done)
        self.show_keys()

    def _show(self) -> None:
        if self._preview is not None:
            refused = self._preview.refusal
            told = [self._preview.heading, *([f"BAD  {refused}"] if refused else [])]
            shown = sections(self._preview, self.agreement, *self.app.size)
            self.rows.show(told, shown, f"{KIND}added")

    def snapshot_changed(self) -> None:
        self.refresh_head()
        if self.house.snapshot is not self._of:
            self._work_out()

    def on_screen_resume(self) -> None:
        if self._of is not None:
            self.snapshot_changed()

    # --- PVE's own preview -------------------------------------------------------------------

    def _ask_pve(self) -> None:
        """Its dry run, beside; nothing waits for it."""
        if self._asks_later is not None:
            self._asks_later.stop()
            self._asks_later = None
        if self._options is None:
            return
        self._asked += 1
        node = self.house.node
        why_not = node.can(Ability.LOGIN) if node else "nothing was read yet"
        if why_not:
            self._take_answer(self.Answered(self._asked, self._options, None, why_not))
        else:
            self._dry_run(self._asked, self._options, remembers=self._earlier is None)

    @work(thread=True, exclusive=True, group="pve", exit_on_error=False)
    def _dry_run(self, number: int, options: SyncOptions, *, remembers: bool) -> None:
        worker = get_current_worker()

        def ask() -> None:
            service = self.house.workshop.sync
            if remembers:
                self._post(worker, self.Remembered(service.earlier(self._realm)))
            try:
                told = service.dry_run(self._realm, options, stopped=lambda: worker.is_cancelled)
            except AuthTuiError as error:
                self._post(worker, self.Answered(number, options, None, str(error)))
            else:
                self._post(worker, self.Answered(number, options, told))

        until_given_up(ask, lambda: worker.is_cancelled)

    @on(Remembered)
    def _take_earlier(self, message: Remembered) -> None:
        self._earlier = message.earlier
        if message.earlier:
            self._work_out()

    @on(Answered)
    def _take_answer(self, message: Answered) -> None:
        if message.number == self._asked and message.options == self._options:
            self._answer = message
            self._show()

    @property
    def agreement(self) -> Agreement:
        """Whether PVE's own preview says the same."""
        answer, found = self._answer, self._preview
        if answer is None or found is None or answer.options != found.options:
            return _ASKS
        if answer.dry_run is None:
            return Agreement("-", f"PVE's own preview: {answer.problem.rstrip('.')}.")
        compared = compare(found, answer.dry_run)
        more = (*compared.differences, *answer.dry_run.warnings)
        return Agreement("ok" if compared.agrees else "LOOK", compared.text, more)

    # --- what keys do ------------------------------------------------------------------------

    def why_no_preview(self) -> str:
        """Why there is nothing to look at; "" when there is."""
        return "" if self._preview is not None else self.busy or "Nothing was read yet."

    def why_no_choice(self) -> str:
        """Why space does nothing here; "" when it does."""
        if problem := self.why_no_preview():
            return problem
        options = self._options
        chosen = options is not None and turned(options, self.rows.key) is not None
        return "" if chosen else "Space is for the lines below Remove Vanished."

    def turn_choice(self) -> None:
        """`space`"""
        options = turned(self._options, self.rows.key) if self._options else None
        if options is None:
            return
        self._options, self._answer = options, None
        self._work_out()
        if self._asks_later is None:
            self._asks_later = self.set_timer(_RESTS, self._ask_pve)
        else:
            self._asks_later.reset()

    def open_row(self) -> None:
        """Enter"""
        key, found = self.rows.key, self._preview
        if found is None:
            return
        if key.startswith(KIND):
            what: What = next(one.what for one in found.lines if KIND + one.what == key)
            self._open_list(what)
        elif key.startswith(MEANS):
            lines = []
            for finding in found.meaning:
                lines += [Line(finding.text, word=finding.word), Line(finding.fix)]
            self._open_details("What it means", [line for line in lines if line.text])
        elif key == PVE:
            agreed = self.agreement
            lines = [Line(agreed.text, word=agreed.word), *(Line(text) for text in agreed.more)]
            self._open_details("PVE's own preview", lines)
        else:
            self.say("Space changes it.")

    def _open_details(self, heading: str, lines: list[Line]) -> None:
        from screens.details import DetailsScreen

        self.app.push_screen(DetailsScreen(_TITLE, heading, lines))

    def _open_list(self, only: What | None) -> None:
        from screens.sync_list import SyncListScreen

        if self._preview is not None:
            self.app.push_screen(SyncListScreen(self._preview, only))

    def find_person(self) -> None:
        """`/`"""
        self._open_list(None)

    def test_servers(self) -> None:
        """`t`"""
        from screens.realm_test import RealmTestScreen

        try:
            realm = self._known_realm()
        except AuthTuiError as error:
            self.house.tell(error)
        else:
            self.app.push_screen(RealmTestScreen(realm, self._password))

    # --- the sync itself ---------------------------------------------------------------------

    def why_no_sync(self) -> str:
        """Why there is no plan of it; "" when there is."""
        if problem := self.busy or self.why_no_preview() or self.house.why_no_change():
            return problem
        nothing = self._preview is not None and self._preview.changes_nothing
        return "Nothing would be changed." if nothing else ""

    def plan_sync(self) -> None:
        """`s`"""
        from pve_auth_tui.core.intents.sync import sync

        if self._found is not None and self._options is not None:
            self.say("Making the plan ...")
            intent = sync(self._realm, self._found, self._options)
            self.house.review(intent, self._synced)

    def _synced(self, report: Report | None) -> None:
        if report is None or report.nothing_done:
            self.say("Nothing was changed.")
            return
        self._answer = self._earlier = None
        self.snapshot_changed()
        self._ask_pve()
        told = "Synced" if report.ok else "Not all went as planned"
        self._done = f"{told}. Above stands what would be left to do."
        self.say(self._done)

    # --- keeping it --------------------------------------------------------------------------

    def save(self) -> None:
        """`f`"""
        if self._preview is not None:
            self._save(self._preview)

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, found: Preview) -> None:
        worker = get_current_worker()
        titles = [column.title for column in COLUMNS]
        try:
            cells = [one.row.cells for one in everybody(found)]
            path = self.house.exports.save_table(f"sync-{self._realm}", titles, cells)
        except AuthTuiError as error:
            self._post(worker, self.Told(f"{error} {error.hint}".strip()))
        else:
            count = thousands(len(cells))
            self._post(worker, self.Told(f"{count} lines saved, for you alone: {path}"))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)
