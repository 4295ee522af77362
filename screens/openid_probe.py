"""An OpenID provider, probed stage by stage, before and after its realm is saved."""

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

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.discovery import host_of
from pve_auth_tui.core.openid.redirects import Uris, redirect_uris
from pve_auth_tui.core.openid.report import Check, Fix, OpenIdTest, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings, settings_of
from pve_auth_tui.core.openid.words import advice, report_text, summary
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.release import release_of
from pve_auth_tui.services.openid import proxy_of
from screens.base import BaseScreen
from screens.choose import ChooseScreen
from screens.commands import Commands, hints
from screens.openid_probe_commands import OF_PROBE, TakeStageFix
from screens.openid_probe_rows import (
    address_lines,
    advice_lines,
    all_lines,
    check_heading,
    columns,
    numbered,
    rows,
)
from screens.typed_yes import YesScreen
from screens.unwaited import until_given_up
from widgets.detail_pane import DetailPane
from widgets.filter_table import FilterTable
from widgets.lines import HeadLine, KeyHint, KeyLine, Rule, Sentence

if TYPE_CHECKING:
    from pve_auth_tui.core.domains import Realm
    from pve_auth_tui.core.secret import Secret
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.services.plans import Report

_TITLE: Final = "Realms"
_REST: Final = 0.15  # seconds after the last key until the detail pane follows
_RUNS: Final = "The probe runs. Esc stops it."
_MOVES: Final = frozenset({"up", "down", "j", "k", "pageup", "pagedown", "home", "end"})
_NO_PICTURE: Final = "Nothing was read yet. r reads again."


@dataclass(frozen=True)
class _Asked:
    """What one run may do. `agreed`: to an issuer without TLS; `host`: where else the client
    secret may go.
    """

    agreed: bool = False
    secret: bool = False
    host: str = ""


class OpenIdProbeScreen(BaseScreen):
    """`secret`: the client's as typed, None for the one that PVE has stored. `on_fix` gets the
    options that a fix changes, for a form that is not saved yet.
    """

    CSS_PATH = "openid_probe.tcss"
    OFFERS: ClassVar[Commands] = OF_PROBE

    @dataclass
    class Checked(Message):
        """A stage was gone through."""

        number: int
        check: Check

    @dataclass
    class Named(Message):
        """The addresses of the web interface are known."""

        number: int
        uris: Uris

    @dataclass
    class Tested(Message):
        """All stages were gone through."""

        number: int
        test: OpenIdTest

    @dataclass
    class Failed(Message):
        """Nothing could be probed, and why."""

        number: int
        error: AuthTuiError

    @dataclass
    class Told(Message):
        """Something for the status line."""

        sentence: str

    def __init__(
        self,
        realm: Realm,
        secret: Secret | None = None,
        *,
        saved: bool = True,
        on_fix: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        super().__init__()
        self._realm = realm
        self._secret = secret
        self._saved = saved
        self._on_fix = on_fix
        self._test: OpenIdTest | None = None
        self._uris: Uris | None = None
        self._moved = False  # by a person: until then the cursor goes to what is wrong
        self._asked = _Asked()
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

    # --- probing -----------------------------------------------------------------------------

    def begin(self) -> None:
        """From the first stage on. The client secret is not tried."""
        self._begin(_Asked())

    def _begin(self, asked: _Asked) -> None:
        """An issuer without TLS is asked only after a typed yes to this one run (R21)."""
        try:
            settings = settings_of(self._realm)
        except AuthTuiError as error:
            self._tell_trouble(error)
            return
        self._test = OpenIdTest(settings, "", (), saved=self._saved)
        state = "" if self._saved else ", not saved yet"
        name = settings.realm or "(not named yet)"
        self.query_one("#heading", Rule).show_parts(f"Probe OpenID realm {name}{state}")
        self._show()
        if not settings.issuer.startswith("http:"):
            self._start(asked)
            return

        def answered(yes: bool | None) -> None:
            if self.is_attached:
                self._start(replace(asked, agreed=bool(yes)))

        self.app.push_screen(YesScreen("Not safe", _without_tls(settings, asked)), answered)

    def _start(self, asked: _Asked) -> None:
        test, snapshot = self._test, self.house.snapshot
        if test is None:
            return
        if snapshot is None:
            self.say(_NO_PICTURE)
            return
        self._number += 1
        self._asked = asked
        self.busy = _RUNS
        self._worker = self._run(self._number, test.settings, asked, snapshot)
        self.say("Probing ... Esc stops it.")
        self._show()

    @work(thread=True, exclusive=True, group="openid-probe", exit_on_error=False)
    def _run(
        self, number: int, settings: OpenIdSettings, asked: _Asked, snapshot: Snapshot
    ) -> None:
        worker = get_current_worker()

        def probe() -> None:
            post = partial(self._post, worker)
            try:
                workshop = self.house.workshop
                uris = redirect_uris(workshop.names.known(snapshot))
                post(self.Named(number, uris))
                found = workshop.openid.probe(
                    settings,
                    self._secret,
                    redirect=next(iter(uris.needed), ""),  # this node comes first
                    ask_secret=asked.secret,
                    token_host=asked.host,
                    agreed=asked.agreed,
                    proxy=proxy_of(snapshot),
                    saved=self._saved,
                    on_check=lambda check: post(self.Checked(number, check)),
                    stopped=lambda: worker.is_cancelled,
                )
            except AuthTuiError as error:
                post(self.Failed(number, error))
            else:
                post(self.Tested(number, found))

        until_given_up(probe, lambda: worker.is_cancelled)

    def _post(self, worker: Worker[None], message: Message) -> None:
        """What comes too late is dropped."""
        if not worker.is_cancelled:
            self.post_message(message)

    @on(Named)
    def _take_names(self, message: Named) -> None:
        if message.number == self._number:
            self._uris = message.uris

    @on(Checked)
    def _take_check(self, message: Checked) -> None:
        if message.number == self._number and self._test is not None:
            others = (one for one in self._test.checks if one.stage is not message.check.stage)
            self._test = replace(self._test, checks=(*others, message.check))
            self._show()

    @on(Tested)
    def _take_test(self, message: Tested) -> None:
        if message.number != self._number:
            return
        self._test, self.busy = message.test, ""
        if self._asked.secret:
            self.table.go_to(Stage.SECRET.value)
        elif not self._moved:
            self._go_to_worst()
        self._show()
        self.say(summary(message.test))
        check = message.test.at(Stage.SECRET)
        if Cause.TOKEN_ELSEWHERE in check.causes and not self._asked.host:
            self._ask_host(check.fact("Token endpoint"))

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
                    self.table.go_to(check.stage.value)
                    return

    def step_back(self) -> None:
        """Esc: stops what runs, then leaves."""
        if not self.busy:
            super().step_back()
            return
        if self._worker is not None:
            self._worker.cancel()
        self._number += 1
        self.busy = ""
        if self._test is not None:
            self._test = replace(self._test, stopped=True)
        self._show()
        sent = "The secret may have been tried." if self._asked.secret else "Nothing was changed."
        self.say(f"Stopped. {sent} r begins anew.")

    # --- showing -----------------------------------------------------------------------------

    def _show(self) -> None:
        test = self._test
        if test is None:
            return
        width, table, key = self.app.size.width, self.table, self.table.key
        wanted = columns(test.settings, width)
        if wanted != table.columns:
            table.show_columns(wanted)
        shown = rows(test, width, runs=bool(self.busy))
        table.load(shown, [row.key for row in shown])
        if key is not None:
            table.go_to(key)
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
        check, test = self.check, self._test
        pane = self.query_one(DetailPane)
        if check is None or test is None:
            pane.show("", ())
        elif self.busy and check not in test.checks:
            pane.show(check_heading(check, test), [Line("...")])
        else:
            pane.show(check_heading(check, test), advice_lines(advice(check, test)))

    def show_keys(self) -> None:
        fixes = self.fixes
        digits = KeyHint(f"1-{len(fixes)}" if len(fixes) > 1 else "1", TakeStageFix.word)
        shown = []
        for hint in hints(self.OFFERS, self):
            if hint.key == TakeStageFix.shown:
                shown += [digits] if fixes else []
            else:
                shown.append(hint)
        self.query_one(KeyLine).show_hints(shown)

    # --- the chosen check --------------------------------------------------------------------

    @property
    def check(self) -> Check | None:
        """The stage under the cursor."""
        key = self.table.key
        return None if self._test is None or key is None else self._test.at(Stage(key))

    @property
    def fixes(self) -> Mapping[int, Fix]:
        """Those of the chosen check, by their digits."""
        check, test = self.check, self._test
        return {} if check is None or test is None else numbered(advice(check, test))

    def why_no_check(self) -> str:
        """Why there is nothing under the cursor; "" when there is."""
        return "" if self.check is not None else "There is nothing to tell of yet."

    def why_no_settings(self) -> str:
        """Why nothing is known of the realm; "" when something is."""
        return "" if self._test is not None else "This is no OpenID realm."

    def why_nothing_tested(self) -> str:
        """Why there is nothing to save or to go on with; "" when there is."""
        return "" if self._test is not None and self._test.checks else "Nothing was probed yet."

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
            self.say(f"No option of the realm does that: {plain(fix.text)}.")
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
        domains = self.house.snapshot.realms.value if self.house.snapshot else None
        realm = domains.realms.get(self._realm.name) if domains and self._saved else None
        if realm is None or realm == self._realm:
            return False
        self._realm = realm
        return True

    def snapshot_changed(self) -> None:
        self.refresh_head()
        if self._take_up_realm() and not self.busy:
            self.say("The realm was changed. r probes it as it is now.")

    # --- the client secret -------------------------------------------------------------------

    def why_no_secret(self) -> str:
        """Why the client secret cannot be tried; "" when it can, or the client has none."""
        test = self._test
        known = self._secret or (test.settings.secret if test is not None else None)
        if known is None and self._realm.options.get("client-key"):
            return (
                "The client secret cannot be read from here. Type it in the realm's form (e, then"
                " ^T), or: pve-auth-tui oidc-probe --ask-secret"
            )
        return ""

    def ask_secret(self) -> None:
        """`x`: one attempt, once somebody agrees to it (R23)."""
        test = self._test
        if test is None:
            return
        known = self._secret or test.settings.secret
        what = "the client secret" if known else "the client without a secret"

        def answered(index: int | None) -> None:
            if index == 1:
                self._begin(_Asked(secret=True))
            else:
                self.say("Nothing was sent.")

        title = f"Try {what}? The provider logs a failed login"
        self.app.push_screen(ChooseScreen(title, ["no", "try it once"]), answered)

    def _ask_host(self, host: str) -> None:
        """R21: a secret goes to another host than the issuer's only if somebody types its name."""
        test = self._test
        if test is None or not host or host != plain(host):
            return

        def answered(yes: bool | None) -> None:
            if yes and self.is_attached:
                self._begin(_Asked(secret=True, host=host))
            elif self.is_attached:
                self.say("The client secret was not sent.")

        sentences = (
            f"The provider's document sends the client secret to {host}, which is not the host of"
            f" the issuer ({plain(host_of(test.settings.issuer))}). Nothing was sent yet.",
            "That is usual for some providers, such as Google. Is it theirs?",
        )
        dialog = YesScreen("Another host", sentences, word=host)
        self.app.push_screen(dialog, answered)

    # --- what leads on ---------------------------------------------------------------------------

    def open_claims(self) -> None:
        """`g`"""
        from screens.openid_claims import OpenIdClaimsScreen

        if self._test is not None:
            self.app.push_screen(OpenIdClaimsScreen(self._test.settings))

    def why_no_login(self) -> str:
        """Why no login can be tried; "" when one can."""
        if not self._saved:
            return "A login is tried with a realm as PVE has it: save it first."
        if self._test is None or self._uris is None:
            return "Nothing was probed yet."
        return self.house.why_no_change()

    def open_login(self) -> None:
        """`l`"""
        from screens.openid_login import OpenIdLoginForm

        if self._test is not None and self._uris is not None:
            self.app.push_screen(OpenIdLoginForm(self._test.settings, self._uris))

    def why_no_addresses(self) -> str:
        """Why the addresses are not known; "" when they are."""
        return "" if self._uris is not None else "The addresses are not known yet."

    def show_addresses(self) -> None:
        """`i`"""
        from screens.details import DetailsScreen

        if self._test is not None and self._uris is not None:
            release = release_of(self.house.snapshot)
            lines = address_lines(self._test.settings, self._uris, release)
            self.app.push_screen(DetailsScreen(_TITLE, "At the provider", lines))

    # --- keeping it -------------------------------------------------------------------------

    def save(self) -> None:
        """`f`"""
        if self._test is not None:
            self._save(self._test, self.house.workshop.clock.now())

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def _save(self, test: OpenIdTest, now: float) -> None:
        worker = get_current_worker()
        try:
            name = f"oidc-probe-{test.settings.realm or 'new'}.txt"
            path = self.house.exports.save_text(name, report_text(test, now))
        except AuthTuiError as error:
            self._post(worker, self.Told(f"{error} {error.hint}".strip()))
        else:
            self._post(worker, self.Told(f"Saved, for you alone: {path}"))

    @on(Told)
    def _tell(self, message: Told) -> None:
        self.say(message.sentence)


def _without_tls(settings: OpenIdSettings, asked: _Asked) -> tuple[str, ...]:
    secret = " The client secret goes the same way." if asked.secret else ""
    return (
        f"The issuer of realm {settings.realm or '(not named yet)'} has no TLS: whoever is on the"
        f" way can answer in its place, and become anybody of this realm.{secret}",
        "PVE itself asks it so at every login. Ask it once?",
    )
