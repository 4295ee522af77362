"""Recovery keys for somebody: the plan that makes them, then the ten keys, once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.recovery import EXAMPLE, RecoveryKeys, keys_from, listed, typed_back
from pve_auth_tui.core.secret import Secret
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from screens.secrets import recording
from widgets.detail_pane import Paragraph
from widgets.field import AnyField, SecretEntry, TextEntry
from widgets.form import Form
from widgets.lines import Rule
from widgets.secret_view import SecretView

if TYPE_CHECKING:
    from pve_auth_tui.services.plans import Report

_LOST: Final = "The keys cannot be seen again when this is left: esc again leaves all the same."


class Check(Review):
    """Compares the key that you typed back, and saves all of them if you named a file."""

    word, name = "compare, save", "check"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        there = isinstance(screen, EnrolRecoveryScreen) and screen.keys is not None
        return "" if there else "There are no keys yet."


class ShowKeys(Reveal):
    """Shows the keys, and hides them again."""

    word = "show or hide"


class LeaveKeys(LeaveForm):
    """Leaves; the keys cannot be seen again then."""


class EnrolRecoveryScreen(FormScreen):
    """Opens the plan by itself; whoever leaves that without running it is back where they were."""

    CSS_PATH = "enrol_recovery.tcss"
    OFFERS: ClassVar[Commands] = (Check, FieldHelp, ShowKeys, LeaveKeys)
    SAVES = True

    @dataclass
    class Wanted(Message):
        """What makes the keys is known."""

        intent: Intent

    @dataclass
    class NotWanted(Message):
        """There can be none, and why."""

        error: AuthTuiError

    def __init__(self, userid: str) -> None:
        super().__init__()
        self._userid = userid
        self.keys: RecoveryKeys | None = None
        self._is_kept = False  # on paper or in a file, as far as anybody can tell
        self._asked_to_leave = False

    @property
    def heading(self) -> str:
        return f"Recovery keys of {self._userid}"

    def make_fields(self) -> list[AnyField]:
        return [
            SecretEntry(
                "typed",
                "Type one back",
                help=f"From where you wrote them down, with the dashes: {EXAMPLE}. It is compared"
                " here, and not used up.",
            ),
            TextEntry(
                "file",
                "Save to",
                help="The whole path of a new file, or nothing. It has to lie in a folder that"
                " only root can read: in memory, or on a stick.",
            ),
        ]

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        with Vertical(id="body"):
            yield Paragraph((Line("Making the plan ..."),), id="about")
            yield SecretView(("The ten keys are hidden: ^R shows them.",), id="secret")
            yield Form(self.make_fields(), id="form")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.form.display = self.query_one(SecretView).display = False
        self._want()

    # --- the plan --------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="enrol", exit_on_error=False)
    def _want(self) -> None:
        snapshot = self.house.snapshot
        message: Message
        try:
            if snapshot is None:
                raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
            if self.house.is_collecting:
                raise Refused(
                    "Recovery keys are shown once, so they are not collected with other changes.",
                    ":collect ends collecting.",
                )
            message = self.Wanted(self.house.workshop.enrol.recovery(self._userid, snapshot).intent)
        except AuthTuiError as error:
            message = self.NotWanted(error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Wanted)
    def _review(self, message: Wanted) -> None:
        self.house.review(message.intent, self._reviewed, self._none)

    @on(NotWanted)
    def _not_wanted(self, message: NotWanted) -> None:
        self._none(message.error)

    def _none(self, error: AuthTuiError) -> None:
        self.app.pop_screen()
        self.house.tell(error)

    def _reviewed(self, report: Report | None) -> None:
        made = [result.answer for result in report.results if result.answer] if report else []
        try:
            self._show_form(keys_from(made[-1]) if made else None)
        except AuthTuiError as error:
            self._none(error)

    def _show_form(self, keys: RecoveryKeys | None) -> None:
        self.keys = keys
        if keys is None:
            self.app.pop_screen()
            self.house.say("No recovery keys were made.")
            return
        self.query_one("#about", Paragraph).show(
            [
                Line(
                    "Each is good for one login, after the password, and asked for by its number."
                ),
                Line("Write them down now: nobody can see them again, not even PVE."),
            ]
        )
        self.hide_secrets()
        self.form.display = self.query_one(SecretView).display = True
        self.form.focus_field()
        by = self.house.profile.recorded_by
        self.say(f"{f'{recording(by)}. ' if by else ''}^R shows the ten keys.")
        self.show_keys()

    # --- the keys --------------------------------------------------------------------

    def why_not_reveal(self) -> str:
        return "" if self.keys else "There are no keys yet."

    @property
    def secrets_are_shown(self) -> bool:
        return self.query_one(SecretView).is_shown

    def show_secrets(self) -> None:
        keys = self.keys
        if keys is not None:
            self.query_one(SecretView).show(lambda: listed(keys).reveal().splitlines())
            self.say("Write them down, numbers too. Then type one of them back below.")

    def hide_secrets(self) -> None:
        for view in self.query(SecretView):
            view.hide()
        super().hide_secrets()

    def try_review(self) -> None:
        if self.keys is None:
            return
        typed, file = self.form.field("typed").value, self.form.field("file").value
        if not isinstance(typed, Secret) or not isinstance(file, str):
            return
        if typed.reveal() or not file.strip():
            self._compare(self.keys, typed)
        if file.strip():
            self.save_to(file, partial(self._sheet, self.keys))

    def _compare(self, keys: RecoveryKeys, typed: Secret) -> None:
        if problem := typed_back(keys, typed.reveal()):
            self.form.show_problem("typed", problem)
            return
        number = keys.keys.index(Secret(typed.reveal().strip()))
        self._is_kept = True
        self.form.clear_secrets()
        self.say(f"Right: that is key {number}. Esc leaves, and the keys are gone from here.")

    def _sheet(self, keys: RecoveryKeys) -> Secret:
        snapshot = self.house.snapshot
        if snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "r reads again.")
        return self.house.workshop.enrol.sheet(keys, self._userid, snapshot)

    def save_secrets(self) -> None:
        self.form.focus_field("file")
        self.say("Name a file, then ^O.")

    def was_saved(self, sentence: str) -> None:
        self._is_kept = True
        self.form.field("file").show_problem("")
        self.say(sentence)

    def was_not_saved(self, error: AuthTuiError) -> None:
        self.form.show_problem("file", f"{error} {error.hint}".strip())

    def step_back(self) -> None:
        """Esc: asks once if no key was typed back and none saved."""
        if self.keys is not None and not self._is_kept and not self._asked_to_leave:
            self._asked_to_leave = True
            self.say(_LOST)
            return
        super().step_back()

    def on_unmount(self) -> None:
        self.keys = None
