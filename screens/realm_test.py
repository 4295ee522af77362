"""A realm's test, stage by stage and server by server, before and after it is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.directory.unsafe import bind_password, typed_servers
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.realmrisks import TYPES
from pve_auth_tui.core.realmtest.report import Check, Fix, RealmTest, Stage
from pve_auth_tui.core.realmtest.words import advice, report_text, summary
from pve_auth_tui.core.secret import Secret
from screens.at_directory import AtDirectory
from screens.commands import Commands, hints
from screens.realm_test_commands import OF_TEST, TakeFix
from screens.realm_test_rows import (
    advice_lines,
    all_lines,
    check_heading,
    columns,
    numbered,
    rows,
)
from screens.unwaited import until_given_up
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable
from widgets.lines import HeadLine, KeyHint, KeyLine, Rule, Sentence

if TYPE_CHECKING:
    from pve_auth_tui.core.domains import Realm
    from pve_auth_tui.services.plans import Report

_TITLE: Final = "Realms"
_REST: Final = 0.15  # seconds after the last key until the detail pane follows
_RUNS: Final = "The test runs. Esc stops it."
_TRIES: Final = "The login is being tried."
_CHANGED: Final = "The realm was changed. r tests it as it is now."
_FOR_THE_SAVED: Final = (
    "The stored password goes to the saved servers alone. Type it in the form to bind."
)
_NOT_STORED: Final = Secret("")  # no password, and not the one that PVE has stored
_MOVES: Final = frozenset({"up", "down", "j", "k", "left", "right", "pageup", "pagedown"})


class RealmTestScreen(AtDirectory):
    """`password`: the bind password as typed, None for the one that PVE has stored. `on_fix` gets
    the options that a fix changes, for a form that is not saved yet.
    """

    CSS_PATH = "realm_test.tcss"
    OFFERS: ClassVar[Commands] = OF_TEST

    @dataclass
    class Checked(Message):
        """A stage was gone through at a server."""

        number: int
        check: Check

    @dataclass
    class Tested(Message):
        """All of them were."""

        number: int
        test: RealmTest

    @dataclass
    class Tried(Message):
        """Somebody's login was tried, or was not."""

        number: int
        check: Check

    @dataclass
    class Failed(Message):
        """Nothing could be tested, and why."""

        number: int
        error: AuthTuiError

    @dataclass
    class Told(Message):
        """Something for the status line."""

        sentence: str

    def __init__(
        self,
        realm: Realm,
        password: Secret | None = None,
        *,
        saved: bool = True,
        on_fix: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        super().__init__()
        self._realm = realm
        self._password = password
        self._saved = saved
        self._on_fix = on_fix
        self._test: RealmTest | None = None
        self._tried = ""  # whose login
        self._server = ""
        self._moved = False  # by a person: until then the cursor goes to what is wrong
        self._asked_password = False
        self._outdated = False  # the realm was changed since what is shown was begun
        self._number = 0  # of the run: what an older one finds is dropped
        self._worker: Worker[None] | None = None
        self._rest: Timer | None = None
        self._digit = 0
        self.busy = ""
        """What is being done, as a sentence; "" while nothing is."""

    @property
    def open_title(self) -> str:
        return _TITLE

    @property
    def table(self) -> FilterTable:
        return self.query_one(FilterTable)

    def compose(self) -> ComposeResult:
        yield HeadLine(id="head")
        yield Rule(id="heading")
        yield FilterTable((), id="table")
        yield DetailPane(id="details")
        yield Sentence(id="status")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.table.focus()
        self.call_after_refresh(self.begin)  # a question may have to be asked over it

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """No lists here: the digits take fixes."""

    def on_resize(self) -> None:
        self._show()

    # --- testing -----------------------------------------------------------------------------

    def begin(self) -> None:
        """From the first stage on; where others could read the password, somebody is asked."""
        try:
            settings = settings_of(self._realm)
        except AuthTuiError as error:
            self._tell_trouble(error)
            return
        self._outdated = False
        self._test = RealmTest(settings, (), saved=self._saved)
        if self._server not in settings.servers:
            self._server = settings.servers[0] if settings.servers else ""
        self._show_heading(settings)
        self._show()
        if settings.bind_dn:
            self.agree_then(settings, bind_password(settings), self._start)
        else:  # nobody's bind sends nothing that others could use
            self._start(False)

    def _show_heading(self, settings: DirectorySettings) -> None:
        kind = TYPES.get(settings.kind, settings.kind)
        state = "" if self._saved else ", not saved yet"
        state = ": these results are of its old settings" if self._outdated else state
        title = f"Test realm {settings.realm} ({kind}){state}"
        self.query_one("#heading", Rule).show_parts(title)

    def _start(self, agreed: bool) -> None:
        test = self._test
        if test is None:
            return
        self._number += 1
        self.busy = _RUNS
        password = self._usable(test.settings)
        self._worker = self._run(self._number, test.settings, password, agreed=agreed)
        self.say("Testing ... Esc stops it.")
        self._show()

    def _usable(self, settings: DirectorySettings) -> Secret | None:
        """None for the stored password, which goes to the saved realm's own servers alone."""
        if self._password is None and self._typed_servers(settings):
            return _NOT_STORED
        return self._password

    def _typed_servers(self, settings: DirectorySettings) -> tuple[str, ...]:
        """Of a form that is not saved."""
        return () if self._saved else typed_servers(settings, self._known_realm())

    def _known_realm(self) -> Realm | None:
        """As the picture has it now."""
        domains = self.house.snapshot.realms.value if self.house.snapshot else None
        return domains.realms.get(self._realm.name) if domains else None

    @work(thread=True, exclusive=True, group="realm-test", exit_on_error=False)
    def _run(
        self, number: int, settings: DirectorySettings, password: Secret | None, *, agreed: bool
    ) -> None:
        worker = get_current_worker()

        def test() -> None:
            post = partial(self._post, worker)
            try:
                found = self.house.workshop.realm_test.run(
                    settings,
                    password,
                    saved=self._saved,
                    agreed=agreed,
                    on_check=lambda check: post(self.Checked(number, check)),
                    stopped=lambda: worker.is_cancelled,
                )
            except AuthTuiError as error:
                post(self.Failed(number, error))
            else:
                post(self.Tested(number, found))

        until_given_up(test, lambda: worker.is_cancelled)

    def _post(self, worker: Worker[None], message: Message) -> None:
        """What comes too late is dropped."""
        if not worker.is_cancelled:
            self.post_message(message)

    @on(Checked)
    def _take_check(self, message: Checked) -> None:
        if message.number == self._number and self._test is not None:
            self._put(message.check)

    def _put(self, check: Check) -> None:
        """In place of what was known of that stage at that server."""
        if self._test is not None:
            place = (check.stage, check.server)
            others = (one for one in self._test.checks if (one.stage, one.server) != place)
            self._test = replace(self._test, checks=(*others, check))
            self._show()

    @on(Tested)
    def _take_test(self, message: Tested) -> None:
        if message.number != self._number:
            return
        self._test, self.busy = message.test, ""
        if not self._moved:
            self._go_to_worst()
        self._show()
        self.say(_CHANGED if self._outdated else summary(message.test))
        wants = any(Cause.NO_PASSWORD in check.causes for check in message.test.checks)
        if not wants or self._password is not None:
            return
        if self._known_realm() is not None and self._typed_servers(message.test.settings):
            self.say(_FOR_THE_SAVED)
        elif not self._asked_password:
            self._asked_password = True
            self.ask_bind_password(message.test.settings, self._use_password)

    def _use_password(self, password: Secret) -> None:
        self._password = password
        self.begin()

    @on(Failed)
    def _take_failure(self, message: Failed) -> None:
        if message.number == self._number:
            self.busy = ""
            self._tell_trouble(message.error)
            self._show()

    def _tell_trouble(self, error: AuthTuiError) -> None:
        self.say(f"{plain(str(error))} {plain(error.hint)}".strip())

    def _go_to_worst(self) -> None:
        """The first BAD, else the first LOOK."""
        checks = self._test.checks if self._test else ()
        for word in ("BAD", "LOOK"):
            for check in checks:
                if check.word == word:
                    self._server = check.server or self._server
                    self.table.go_to(check.stage.value)
                    return

    def step_back(self) -> None:
        """Esc: stops what runs, then leaves."""
        if not self.busy:
            super().step_back()
            return
        tried = self.busy == _TRIES
        if self._worker is not None:
            self._worker.cancel()
        self._number += 1
        self.busy = ""
        if self._test is not None:
            self._test = replace(self._test, stopped=True)
        self._show()
        end = "The attempt may have been made." if tried else "Nothing was changed. r begins anew."
        self.say(f"Stopped. {end}")

    # --- showing -----------------------------------------------------------------------------

    def _show(self) -> None:
        test = self._test
        if test is None:
            return
        width, table, key = self.app.size.width, self.table, self.table.key
        wanted = columns(test.settings, self._server, width)
        if wanted != table.columns:
            table.show_columns(wanted)
        shown = rows(test, self._server, width, self._waits(test))
        table.load(shown, [row.key for row in shown])
        if key is not None:
            table.go_to(key)
        self._show_details()
        self.show_keys()

    def _waits(self, test: RealmTest) -> Mapping[str, Stage | None]:
        """At each server the stage that is next."""
        if self.busy != _RUNS:
            return {}
        seen = {(check.stage, check.server) for check in test.checks}
        return {
            server: next((stage for stage in Stage if (stage, server) not in seen), None)
            for server in test.settings.servers
        }

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
        check, test = self.check, self._test
        pane = self.query_one(DetailPane)
        if check is None or test is None:
            pane.show("", ())
        elif self.busy == _RUNS and check not in test.checks:
            pane.show(check_heading(check, test), [Line("...")])
        else:
            pane.show(check_heading(check, test), advice_lines(advice(check, test)))

    def show_keys(self) -> None:
        fixes = self.fixes
        digits = KeyHint(f"1-{len(fixes)}" if len(fixes) > 1 else "1", TakeFix.word)
        several = self._test is not None and len(self._test.settings.servers) > 1
        shown = []
        for hint in hints(self.OFFERS, self):
            if hint.key == TakeFix.shown:
                shown += [digits] if fixes else []
            elif hint.key != "left/right" or several:
                shown.append(hint)
        self.query_one(KeyLine).show_hints(shown)

    # --- the chosen check --------------------------------------------------------------------

    @property
    def check(self) -> Check | None:
        """The stage under the cursor at the chosen server."""
        key = self.table.key
        if self._test is None or key is None:
            return None
        return self._test.at(Stage(key), self._server)

    @property
    def fixes(self) -> Mapping[int, Fix]:
        """Those of the chosen check, by their digits."""
        check, test = self.check, self._test
        return {} if check is None or test is None else numbered(advice(check, test))

    def choose_server(self, step: int) -> None:
        """Left and right."""
        servers = self._test.settings.servers if self._test else ()
        if self._server in servers:
            at = servers.index(self._server) + step
            self._server = servers[min(len(servers) - 1, max(0, at))]
            self._show()

    def why_no_other_server(self) -> str:
        """Why there is no server to choose; "" when there is."""
        several = self._test is not None and len(self._test.settings.servers) > 1
        return "" if several else "This realm has one server."

    def why_no_check(self) -> str:
        """Why there is nothing under the cursor; "" when there is."""
        return "" if self.check is not None else "There is nothing to tell of yet."

    def why_nothing_tested(self) -> str:
        """Why there is nothing to save or to go on with; "" when there is."""
        return "" if self._test is not None and self._test.checks else "Nothing was tested yet."

    def open_check(self) -> None:
        """Enter"""
        from screens.details import DetailsScreen

        check, test = self.check, self._test
        if check is not None and test is not None:
            lines = all_lines(check, advice(check, test))
            self.app.push_screen(DetailsScreen(_TITLE, check_heading(check, test), lines))

    # --- fixes ------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """Which digit it was; and that somebody has moved the cursor."""
        if event.character and event.character.isdigit():
            self._digit = int(event.character)
        self._moved = self._moved or event.key in _MOVES

    def why_no_fix(self) -> str:
        """Why a digit does nothing now; "" when it does."""
        if not self.fixes:
            return "There is nothing to mend here."
        if self._digit and self._digit not in self.fixes:
            return f"There is no fix {self._digit} here."
        return ""

    def take_fix(self) -> None:
        """`1` to `9`"""
        digit, self._digit = self._digit, 0
        fix = self.fixes.get(digit)
        if fix is None:
            self.say("The digits take the fixes.")
        elif not fix.options:
            self.say(f"That is not done from here: {plain(fix.text)}.")
        elif self._on_fix is not None:
            on_fix, options = self._on_fix, fix.options
            self._leave()
            on_fix(options)
        elif not self._saved:
            self.say("The realm is not saved yet: change it in its form.")
        elif problem := self.house.why_no_change():
            self.say(problem)
        else:
            self._review(fix.options)

    def _leave(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self.app.pop_screen()

    def _review(self, options: Mapping[str, str]) -> None:
        """The plan that changes the saved realm."""
        from pve_auth_tui.core.intents.realms import edit

        self.say("Making the plan ...")
        self.house.review(edit(self._realm.name, options, (), {}), self._fixed)

    def _fixed(self, report: Report | None) -> None:
        if report is None or report.nothing_done:
            self.say("Nothing was changed.")
        else:
            self._take_up_realm()
            self.begin()

    def _take_up_realm(self) -> bool:
        """As the picture has it now; False where it is as it was."""
        realm = self._known_realm() if self._saved else None
        if realm is None or realm == self._realm:
            return False
        self._realm = realm
        return True

    def snapshot_changed(self) -> None:
        self.refresh_head()
        if self._look_whether_outdated() and not self.busy:
            self.say(_CHANGED)

    def _look_whether_outdated(self) -> bool:
        """Whether the realm was changed since it was last looked at; then the heading says so."""
        if not self._take_up_realm() or self._test is None:
            return False
        self._outdated = True
        self._show_heading(self._test.settings)
        return True

    # --- one person's login -----------------------------------------------------------------

    def ask_login(self) -> None:
        """`l`"""
        test = self._test
        if test is None:
            return
        if self._outdated:  # nobody's password goes where the realm does not go any more
            self.say(_CHANGED)
            return
        self.agree_then(test.settings, "that person's password", self._ask_person)

    def _ask_person(self, agreed: bool) -> None:
        from screens.try_login import TryLoginForm

        test = self._test
        if test is None:
            return
        if not (agreed or test.settings.safe):
            self.say("No login was tried: others could read the password.")
            return
        given = partial(self._try, test.settings, self._known_realm(), agreed=agreed)
        self.app.push_screen(TryLoginForm(self._realm.name, given, self._tried))

    def _try(
        self,
        settings: DirectorySettings,
        asked_for: Realm | None,
        name: str,
        password: Secret,
        *,
        agreed: bool,
    ) -> None:
        self._tried = name
        if self._saved and self._known_realm() != asked_for:  # changed while the name was typed
            self._look_whether_outdated()
            self.say(_CHANGED)
            return
        self._number += 1
        self.busy = _TRIES
        self._moved = True
        self.table.go_to(Stage.LOGIN.value)
        self._worker = self._try_once(self._number, settings, name, password, agreed=agreed)
        self.say(f"Trying the login of {name}, once ...")
        self.show_keys()

    @work(thread=True, exclusive=True, group="realm-test", exit_on_error=False)
    def _try_once(
        self,
        number: int,
        settings: DirectorySettings,
        name: str,
        password: Secret,
        *,
        agreed: bool,
    ) -> None:
        worker = get_current_worker()
        bind_password = self._usable(settings)

        def attempt() -> None:
            post = partial(self._post, worker)
            try:
                check = self.house.workshop.realm_test.try_login(
                    settings, name, password, bind_password=bind_password, agreed=agreed
                )
            except AuthTuiError as error:
                post(self.Failed(number, error))
            else:
                post(self.Tried(number, check))

        until_given_up(attempt, lambda: worker.is_cancelled)

    @on(Tried)
    def _take_tried(self, message: Tried) -> None:
        if message.number != self._number or self._test is None:
            return
        self.busy = ""
        others = tuple(one for one in self._test.checks if one.stage is not Stage.LOGIN)
        self._test = replace(self._test, checks=(*others, message.check))
        if message.check.server in self._test.settings.servers:
            self._server = message.check.server
        self._show()
        result = f"{message.check.word} {plain(message.check.text)}".strip()
        self.say(f"{self._tried}: {result}. Nothing was changed in PVE.")

    # --- keeping it -------------------------------------------------------------------------

    def save(self) -> None:
        """`f`"""
        if self._test is not None:
            self._save(self._test)

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, test: RealmTest) -> None:
        worker = get_current_worker()
        try:
            name = f"realm-test-{test.settings.realm}.txt"
            path = self.house.exports.save_text(name, report_text(test))
        except AuthTuiError as error:
            self._post(worker, self.Told(f"{error} {error.hint}".strip()))
        else:
            self._post(worker, self.Told(f"Saved, for you alone: {path}"))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)
