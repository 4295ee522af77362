"""WebAuthn's settings of the datacenter: four fields, and below them where a browser can use keys
with these, which keys end, and why the proposal is what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.intents.settings import set_webauthn, value_problem
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.webauthnorigin import Settings, Unfit, require_id, settings_of
from pve_auth_tui.core.webauthnremarks import Known, proposal_for, remarks_on
from screens.commands import Command, Commands
from screens.form import COMES_OF_IT, FieldHelp, FormScreen, LeaveForm, OnDone, Review
from widgets.field import Answer, AnyField, TextEntry, YesNoEntry
from widgets.remarks_pane import RemarksPane

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.core.snapshot import Snapshot

_NAMES: Final = "Reading the names of the nodes ..."


class UseProposal(Command["WebauthnForm"]):
    """Fills in what fits the names of all nodes; the reason stands below the fields."""

    keys, shown, word, name = "ctrl+t", "^T", "proposal", "proposal"

    @classmethod
    def run(cls, screen: WebauthnForm) -> None:
        screen.use_proposal()


class WebauthnForm(FormScreen):
    """Begins with what is set, else with the proposal, as soon as the nodes' names are read."""

    CSS_PATH = "webauthn_form.tcss"
    OFFERS: ClassVar[Commands] = (Review, UseProposal, FieldHelp, LeaveForm)
    REMARKS: ClassVar[str] = COMES_OF_IT

    @dataclass
    class Proposed(Message):
        """What is proposed; `settings` None where no key can be used at all."""

        settings: Settings | None
        why: str
        asked: bool

    @dataclass
    class NotProposed(Message):
        """There is no proposal, and why."""

        error: AuthTuiError

    def __init__(self, on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._names: Known | None = None
        self._reading = Lock()

    @property
    def heading(self) -> str:
        return "WebAuthn Settings"

    @property
    def draft(self) -> str:
        return "webauthn settings"

    def make_fields(self) -> Sequence[AnyField]:
        now = (settings_of(self.known) if self.known else None) or Settings("", "")
        return [
            TextEntry(
                "rp", "Name", now.rp, rule=_name_problem,
                help="What browsers and keys show to people, such as the name of the cluster.",
            ),
            TextEntry(
                "id", "ID", now.id, rule=_id_problem,
                help="The domain above all nodes. It is part of every key: another ID ends them.",
            ),
            TextEntry(
                "origin", "Origin", now.origin, rule=value_problem,
                help="https://domain:8006. Empty: the address in the browser counts.",
            ),
            YesNoEntry(
                "subdomains", "Allow subdomains", now.allow_subdomains,
                help="Yes: the nodes' names below the origin's host count, too; the port is fixed.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        if self.known is not None and settings_of(self.known) is None:
            self._propose(self.known, asked=False)

    # --- the proposal ------------------------------------------------------------------------

    def use_proposal(self) -> None:
        """Fill it in."""
        if self.known is None:
            self.say("Nothing was read yet.")
            return
        self.say(_NAMES)
        self._propose(self.known, asked=True)

    @work(thread=True, exclusive=True, group="names", exit_on_error=False)
    def _propose(self, snapshot: Snapshot, *, asked: bool) -> None:
        message: Message
        try:
            found = proposal_for(snapshot, self._read_names(snapshot))
            message = self.Proposed(found.settings, found.why, asked)
        except AuthTuiError as error:
            message = self.NotProposed(error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Proposed)
    def _proposal_found(self, message: Proposed) -> None:
        untouched = self.form.values == self._at_first
        there = message.settings is not None and _answers(message.settings) == self.form.values
        if message.settings is None or there or not (message.asked or untouched):
            self.say(message.why)
            return
        self.form.fill(_answers(message.settings))
        if message.asked:
            self.house.drafts.keep(self.draft, self.form.values, self._at_first)
        else:
            self._at_first = self.form.values  # nobody has typed that
        self.say("The proposal is filled in. Below stands why.")
        self.query_one(RemarksPane).begin()

    @on(NotProposed)
    def _no_proposal(self, message: NotProposed) -> None:
        self.tell(message.error)

    def _read_names(self, snapshot: Snapshot) -> Known:
        """Read once, in whichever worker comes first."""
        with self._reading:
            if self._names is None:
                self._names = self.house.workshop.names.known(snapshot)
            return self._names

    # --- what comes of it ----------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        settings = _settings(answers)
        return remarks_on(settings, self.picture, self._read_names(self.picture), self.now)

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        wanted, known = _settings(answers), self._names
        if known is None:  # not read yet: then the plan names no addresses
            return set_webauthn(wanted)
        return set_webauthn(wanted, known.urls, is_suffix=known.is_suffix)


def _settings(answers: Mapping[str, Answer]) -> Settings:
    rp, ident, origin = (str(answers[name]).strip() for name in ("rp", "id", "origin"))
    return Settings(rp, ident, origin, answers["subdomains"] is True)


def _answers(settings: Settings) -> dict[str, Answer]:
    return {
        "rp": settings.rp,
        "id": settings.id,
        "origin": settings.origin,
        "subdomains": settings.allow_subdomains,
    }


def _name_problem(text: str) -> str:
    return value_problem(text.strip()) or ("" if text.strip() else "PVE needs a name.")


def _id_problem(text: str) -> str:
    if problem := value_problem(text.strip()):
        return problem
    if not text.strip():
        return "PVE needs an ID: a domain, such as example.com."
    try:
        require_id(text.strip())
    except Unfit as unfit:
        return f"{unfit} {unfit.hint}"
    return ""
