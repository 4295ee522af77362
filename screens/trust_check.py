"""Whether this node trusts a server, or the domain controllers of a domain: both ways of TLS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.message import Message
from textual.worker import Worker, get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.trust.check import TrustCheck, WayCheck
from pve_auth_tui.core.trust.elsewhere import directories
from pve_auth_tui.core.trust.words import check_summary, compare_sentences
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, OnDone, Review
from screens.trust_commands import OF_CHECK
from screens.trust_rows import CHECK, check_rows, row_key, way_lines
from screens.trust_table import TrustTable
from screens.typed_yes import YesScreen
from screens.unwaited import until_given_up
from widgets.field import AnyField, Choice, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.trust.model import Authority, Offer
    from pve_auth_tui.services.plans import Report

_RUNS: Final = "The test runs. Esc stops it."


class TestIt(Review):
    """Makes the handshakes. No password is sent."""

    word, name = "test", "test"


class LeaveTarget(LeaveForm):
    """Leaves; nothing was asked."""

    word = "back"


class TargetForm(FormScreen):
    """`on_given` gets the name after this has closed; `on_left` hears that nobody gave one."""

    OFFERS: ClassVar[Commands] = (TestIt, FieldHelp, LeaveTarget)

    def __init__(
        self, target: str, on_given: Callable[[str], None], on_left: Callable[[], None]
    ) -> None:
        super().__init__()
        self._target = target
        self._on_given = on_given
        self._on_left = on_left

    @property
    def heading(self) -> str:
        return "Does this node trust a server?"

    @property
    def open_title(self) -> str:
        return "CA Trust"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            TextEntry(
                "target", "Server or domain", self._target or self._first(), rule=_name_problem,
                choices=self._known(),
                help="A name as a realm has it, or a domain: then all controllers that DNS names.",
            ),
        ]  # fmt: skip

    def _known(self) -> list[Choice]:
        """The servers and domains of the realms that there are."""
        found: dict[str, str] = {}
        for realm in directories(self.known) if self.known else ():
            for option in ("server1", "server2", "domain"):
                if value := realm.options.get(option):
                    found.setdefault(value, f"{option} of realm {realm.name}")
        return [Choice(*one) for one in found.items()]

    def _first(self) -> str:
        known = self._known()
        return known[0].value if known else ""

    def filled(self) -> None:
        picks = ", ^P picks" if self._known() else ""
        self.say(f"STARTTLS and LDAPS are tried; no password is sent. ^O tests{picks}.")

    def review(self) -> None:
        target = str(self.form.field("target").value).strip()
        super().step_back()
        self._on_given(target)

    def step_back(self) -> None:
        super().step_back()
        self._on_left()


def _name_problem(text: str) -> str:
    name = text.strip()
    if not name:
        return "The name of a server, or of a domain."
    odd = any(sign.isspace() or sign in "/@" for sign in name)
    return "A name alone: dc01.example.com" if odd else ""


class TrustCheckScreen(TrustTable):
    """`target` "": it is asked for. `on_changed` hears of the report when a CA was imported."""

    OFFERS: ClassVar[Commands] = OF_CHECK
    COLUMNS = CHECK

    @dataclass
    class Checked(Message):
        """One way was gone at one server."""

        number: int
        check: WayCheck

    @dataclass
    class Ended(Message):
        """All of them were."""

        number: int
        check: TrustCheck

    @dataclass
    class Offered(Message):
        """The root that a server sent, judged."""

        offer: Offer
        now: float

    @dataclass
    class Failed(Message):
        """Nothing could be looked at, or no plan made; and why."""

        number: int
        error: AuthTuiError

    def __init__(self, target: str = "", on_changed: OnDone = lambda report: None) -> None:
        super().__init__()
        self._target = target
        self._on_changed = on_changed
        self._check: TrustCheck | None = None
        self._number = 0
        self._worker: Worker[None] | None = None
        self.busy = ""
        """What is being done, as a sentence; "" while nothing is."""

    def on_mount(self) -> None:
        self.head("Does this node trust a server?")
        self.load([])
        self.call_after_refresh(self.begin if self._target else self.ask_target)

    # --- asking ------------------------------------------------------------------------------

    def ask_target(self) -> None:
        """`e`, and where nobody has named one yet."""
        self.app.push_screen(TargetForm(self._target, self._given, self._not_given))

    def _given(self, target: str) -> None:
        self._target = target
        self.begin()

    def _not_given(self) -> None:
        if self._check is None and not self._target:
            self.app.pop_screen()

    # --- testing -----------------------------------------------------------------------------

    def begin(self) -> None:
        """`r`, and as soon as there is a name."""
        self._number += 1
        self._check = None
        self.busy = _RUNS
        self.head("Does this node trust it?", self._target)
        self.load([])
        self.say("Testing ... Esc stops it.")
        self._worker = self._run(self._number, self._target)

    @work(thread=True, exclusive=True, group="trust-check", exit_on_error=False)
    def _run(self, number: int, target: str) -> None:
        worker = get_current_worker()

        def post(message: Message) -> None:
            if not worker.is_cancelled:
                self.post_message(message)

        def run() -> None:
            try:
                found = self.house.workshop.trust.check(
                    target,
                    on_check=lambda check: post(self.Checked(number, check)),
                    stopped=lambda: worker.is_cancelled,
                )
            except AuthTuiError as error:
                post(self.Failed(number, error))
            else:
                post(self.Ended(number, found))

        until_given_up(run, lambda: worker.is_cancelled)

    @on(Checked)
    def _take_check(self, message: Checked) -> None:
        if message.number != self._number:
            return
        before = self._check or TrustCheck(self._target, (), ())
        servers = tuple(dict.fromkeys((*before.servers, message.check.host)))
        self._check = replace(before, servers=servers, checks=(*before.checks, message.check))
        self._show()

    @on(Ended)
    def _take_end(self, message: Ended) -> None:
        if message.number != self._number:
            return
        self._check, self.busy = message.check, ""
        self._show()
        worst = next((one for one in message.check.checks if one.word == message.check.worst), None)
        if worst is not None and worst.word != "ok":
            self.table.go_to(row_key(worst.host, worst.way))
        self.say(plain(check_summary(message.check)))

    @on(Failed)
    def _take_failure(self, message: Failed) -> None:
        if message.number == self._number:
            self.busy = ""
            self._show()
            self.tell(message.error)

    def _show(self) -> None:
        self.load(check_rows(self._check, busy=bool(self.busy)) if self._check else [])

    @property
    def chosen(self) -> WayCheck | None:
        """What stands under the cursor."""
        for one in self._check.checks if self._check else ():
            if row_key(one.host, one.way) == self.table.key:
                return one
        return None

    def details(self, key: str | None) -> tuple[str, Sequence[Line]]:
        one = self.chosen
        if one is None:
            return "", (Line(self.busy or "Nothing was tested yet."),)
        now = self.house.workshop.clock.now()
        return plain(f"{one.host}, {one.way.title}, port {one.way.port}"), way_lines(one, now)

    def step_back(self) -> None:
        """Esc: stops what runs, then leaves."""
        if not self.busy:
            super().step_back()
            return
        if self._worker is not None:
            self._worker.cancel()
        self._number += 1
        self.busy = ""
        self._show()
        self.say("Stopped. Nothing was changed. r begins anew.")

    # --- importing what was sent -------------------------------------------------------------

    def why_nothing_sent(self) -> str:
        """Why there is no CA to import here; "" when there is."""
        one = self.chosen
        if self.busy or one is None:
            return self.busy or "Nothing was tested yet."
        if one.root is None:
            if one.lacks:
                return "The server does not send its root: import that from a file."
            return "There is nothing to import here."
        return self.why_no_change()

    def import_sent(self) -> None:
        """`a`: never without a comparison that somebody says was made."""
        one = self.chosen
        if one is not None and one.root is not None:
            answered = partial(self._compared, one.host, one.root)
            dialog = YesScreen("Was the fingerprint compared?", compare_sentences(one.root))
            self.app.push_screen(dialog, answered)

    def _compared(self, host: str, root: Authority, yes: bool | None) -> None:
        if not yes:
            self.say("Nothing was imported.")
            return
        self.say("Looking whether this node trusts it already ...")
        self._offer(self._number, host, root)

    @work(thread=True, exclusive=True, group="trust-offer", exit_on_error=False)
    def _offer(self, number: int, host: str, root: Authority) -> None:
        message: Message
        try:
            trust = self.house.workshop.trust
            message = self.Offered(trust.from_chain(host, (root,)), trust.clock.now())
        except AuthTuiError as error:
            message = self.Failed(number, error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Offered)
    def _show_offer(self, message: Offered) -> None:
        from screens.trust_import import OfferScreen

        if self.is_current:
            self.app.push_screen(OfferScreen(message.offer, message.now, self._imported))

    def _imported(self, report: Report | None) -> None:
        self._on_changed(report)
        self.begin()
