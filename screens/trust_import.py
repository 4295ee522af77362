"""A CA from a file of this node, or pasted: what it holds, and what of it shall be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.trust.model import Offer
from pve_auth_tui.core.trust.naming import called
from pve_auth_tui.core.trust.words import offer_words
from pve_auth_tui.core.words import count_words
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, OnDone, Review
from screens.trust_commands import OF_OFFER
from screens.trust_rows import OFFER, candidate_lines, offer_rows
from screens.trust_table import TrustTable
from screens.unwaited import until_given_up
from widgets.field import AnyField, ChoiceEntry, TextEntry
from widgets.pasted_field import PastedEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.services.plans import Report

_FILE, _PASTED = "file", "pasted"
_CAPATH: Final = "For one realm alone? A capath of that realm trusts it there and nowhere else."


class ReadInput(Review):
    """Reads it, and shows every certificate that it holds. Nothing is trusted yet."""

    word, name = "read", "read"


class LeaveImport(LeaveForm):
    """Leaves; nothing was imported."""

    word = "back"


class TrustImportForm(FormScreen):
    """`on_changed` hears of the report when a plan was run."""

    OFFERS: ClassVar[Commands] = (ReadInput, FieldHelp, LeaveImport)

    @dataclass
    class Read(Message):
        """What it holds."""

        offer: Offer
        now: float

    @dataclass
    class NotRead(Message):
        """It holds nothing that could be trusted, or cannot be read; and why."""

        error: AuthTuiError

    def __init__(self, on_changed: OnDone) -> None:
        super().__init__()
        self._on_changed = on_changed

    @property
    def heading(self) -> str:
        return "Import a CA that this node shall trust"

    @property
    def open_title(self) -> str:
        return "CA Trust"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            ChoiceEntry(
                "source", "From", [(_FILE, "a file on this node"), (_PASTED, "pasted here")],
                help="A file may be PEM, DER or PKCS#7. What is pasted is PEM.",
            ),
            TextEntry(
                "path", "File", rule=self._path_problem,
                help="Its whole path, such as /root/ca.cer, at most 1 MiB. .crt .cer .pem .p7b",
            ),
            PastedEntry(
                "pasted", "PEM", rule=self._pasted_problem,
                help="With BEGIN and END CERTIFICATE. A private key is refused.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        self._fold()
        self.call_after_refresh(self.form.focus_field, "path")
        self.say(_CAPATH)

    @property
    def _source(self) -> str:
        return str(self.form.field("source").value)

    def _fold(self) -> None:
        self.form.field("pasted").display = self._source == _PASTED
        self.form.field("path").display = self._source == _FILE

    def answer_changed(self, ident: str) -> None:
        if ident == "source":
            self.form.clear_secrets()
            self._fold()
        elif ident == "pasted":
            length = cast(PastedEntry, self.form.field("pasted")).length
            self.say(f"{count_words(length, 'character', 'characters')}, hidden. ^O reads it.")

    def _pasted_problem(self, pasted: Secret) -> str:
        there = bool(pasted.reveal().strip()) or self._source == _FILE
        return "" if there else "Nothing was pasted yet."

    def _path_problem(self, path: str) -> str:
        is_whole = path.strip().startswith("/") or self._source == _PASTED
        return "" if is_whole else "The whole path of a file, from / on."

    # --- reading -----------------------------------------------------------------------------

    def review(self) -> None:
        pasted = cast(Secret, self.form.field("pasted").value)
        path = str(self.form.field("path").value).strip()
        self.say("Reading ...")
        self._read(pasted if self._source == _PASTED else None, path)

    @work(thread=True, exclusive=True, group="trust-input", exit_on_error=False)
    def _read(self, pasted: Secret | None, path: str) -> None:
        worker = get_current_worker()

        def read() -> None:
            message: Message
            try:
                trust = self.house.workshop.trust
                found = (
                    trust.from_file(path) if pasted is None else trust.from_text(pasted.reveal())
                )
                message = self.Read(found, trust.clock.now())
            except AuthTuiError as error:
                message = self.NotRead(error)
            if not worker.is_cancelled:
                self.post_message(message)

        until_given_up(read, lambda: worker.is_cancelled)

    @on(Read)
    def _was_read(self, message: Read) -> None:
        self.say(_CAPATH)
        if self.is_current:
            self.app.push_screen(OfferScreen(message.offer, message.now, self._imported))

    def _imported(self, report: Report | None) -> None:
        """The plan was run, and its screen and that of the certificates have gone."""
        self.form.clear_secrets()
        self.app.pop_screen()
        self._on_changed(report)

    @on(NotRead)
    def _was_not_read(self, message: NotRead) -> None:
        self.form.clear_secrets()
        self.tell(message.error)


class OfferScreen(TrustTable):
    """Rows are certificates by SHA-256. `on_done` hears of the report after this has closed."""

    OFFERS: ClassVar[Commands] = OF_OFFER
    COLUMNS = OFFER

    @dataclass
    class Planned(Message):
        """What lets the node trust what was taken."""

        intent: Intent

    @dataclass
    class NotPlanned(Message):
        """It cannot be trusted, and why."""

        error: AuthTuiError

    def __init__(self, offer: Offer, now: float, on_done: OnDone) -> None:
        super().__init__()
        self._offer = offer
        self._now = now
        self._on_done = on_done

    def on_mount(self) -> None:
        self.head("Import", offer_words(self._offer))
        self.load(offer_rows(self._offer))
        first = next(iter(self._offer.importable), None)
        if first is not None:
            self.table.go_to(first.authority.sha256)
        fits = len(self._offer.importable)
        self.say(
            "Compare the SHA-256 with what whoever runs the CA tells you, by another way."
            if fits
            else "Nothing here can be trusted as a CA; each row says why."
        )

    def details(self, key: str | None) -> tuple[str, Sequence[Line]]:
        for one in self._offer.candidates:
            if one.authority.sha256 == key:
                title = plain(called(one.authority.certificate))
                return title, candidate_lines(one, self._now)
        return "", ()

    def why_not_taken(self) -> str:
        """Why it cannot be imported; "" when it can."""
        if problem := self.why_no_change():
            return problem
        wanted = self.acted_on
        for one in self._offer.candidates:
            if one.authority.sha256 in wanted and one.why_not:
                return one.why_not
        return "" if wanted else "There is no certificate here."

    def take(self) -> None:
        """`a`"""
        self.say("Making the plan ...")
        self._plan(self.acted_on)

    @work(thread=True, exclusive=True, group="trust-plan", exit_on_error=False)
    def _plan(self, wanted: list[str]) -> None:
        worker = get_current_worker()

        def plan() -> None:
            message: Message
            try:
                trust = self.house.workshop.trust
                message = self.Planned(trust.import_(self._offer, self._offer.picked(wanted)))
            except AuthTuiError as error:
                message = self.NotPlanned(error)
            if not worker.is_cancelled:
                self.post_message(message)

        until_given_up(plan, lambda: worker.is_cancelled)

    @on(Planned)
    def _review(self, message: Planned) -> None:
        if self.is_current:
            self.house.review(message.intent, self._ran, self.tell, carries=self.carry)

    @on(NotPlanned)
    def _refused(self, message: NotPlanned) -> None:
        self.tell(message.error)

    def _ran(self, report: Report | None) -> None:
        if report is None:
            self.say("Nothing was changed.")
            return
        self.app.pop_screen()
        self._on_done(report)
