"""TOTP for somebody: what it is called, then the QR code and a code, the plan, and the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core import totp
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.otpauth import ALGORITHMS
from pve_auth_tui.core.snapshot import Snapshot
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Review
from widgets.field import Answer, AnyField, ChoiceEntry, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.services.enrol import TotpDraft

_OTHER: Final = "other"
_FOLDED: Final = ("digits", "period", "algorithm")


class GoOn(Review):
    """Makes a new secret and shows it as a QR code. Nothing is sent to PVE yet."""

    word = "go on"


class EnrolTotpScreen(FormScreen):
    """The first step: a name for it. What hardly anybody changes is folded away."""

    OFFERS: ClassVar[Commands] = (GoOn, FieldHelp, LeaveForm)

    @dataclass
    class Started(Message):
        """There is a new secret to be shown, made of these answers."""

        draft: TotpDraft
        answers: dict[str, Answer]

    @dataclass
    class NotStarted(Message):
        """There is none, and why."""

        error: AuthTuiError

    def __init__(self, userid: str) -> None:
        super().__init__()
        self._userid = userid
        self._made: TotpDraft | None = None
        self._made_of: dict[str, Answer] = {}

    @property
    def heading(self) -> str:
        return f"TOTP for {self._userid}"

    @property
    def draft(self) -> str:
        return f"totp {self._userid}"

    def make_fields(self) -> list[AnyField]:
        usual = "6 digits, every 30 s, SHA1"
        return [
            TextEntry(
                "description",
                "Description",
                help="Tells this app from the user's other factors, for example: phone.",
                rule=totp.description_problem,
            ),
            ChoiceEntry(
                "codes",
                "Codes",
                [("usual", usual), (_OTHER, "other ...")],
                help=f"{usual} is what every app shows. Some show nothing else, without a word.",
            ),
            ChoiceEntry(
                "digits",
                "Digits",
                [(str(number), str(number)) for number in totp.DIGITS],
                help="How long a code is.",
            ),
            TextEntry(
                "period",
                "Period in seconds",
                "30",
                help=f"How long the app shows a code: {totp.SHORTEST} to {totp.LONGEST}.",
                rule=_period_problem,
            ),
            ChoiceEntry(
                "algorithm",
                "Algorithm",
                [(name, name) for name in ALGORITHMS],
                help="Many apps take SHA1 whatever the QR code says; then no code is right.",
            ),
        ]

    def filled(self) -> None:
        self._fold()

    def answer_changed(self, ident: str) -> None:
        if ident == "codes":
            self._fold()

    def _fold(self) -> None:
        for name in _FOLDED:
            self.form.field(name).display = self._is_other

    @property
    def _is_other(self) -> bool:
        return self.form.field("codes").value == _OTHER

    def review(self) -> None:
        snapshot = self.house.snapshot
        if snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
        if self._made is not None and self._made_of == self.form.values:
            self._show(self._made)  # what the app has scanned stays right
        else:
            self.say("Making a secret ...")
            self._start(snapshot, self.form.values)

    @work(thread=True, exclusive=True, group="enrol", exit_on_error=False)
    def _start(self, snapshot: Snapshot, answers: dict[str, Answer]) -> None:
        other = answers if answers["codes"] == _OTHER else {}
        message: Message
        try:
            draft = self.house.workshop.enrol.start_totp(
                self._userid,
                snapshot,
                cast(str, answers["description"]),
                digits=int(cast(str, other.get("digits", "6"))),
                period=int(cast(str, other.get("period", "30"))),
                algorithm=cast(str, other.get("algorithm", "SHA1")),
            )
            message = self.Started(draft, answers)
        except AuthTuiError as error:
            message = self.NotStarted(error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Started)
    def _started(self, message: Started) -> None:
        self._made, self._made_of = message.draft, message.answers
        self._show(message.draft)

    @on(NotStarted)
    def _not_started(self, message: NotStarted) -> None:
        self.tell(message.error)

    def _show(self, draft: TotpDraft) -> None:
        from screens.scan_totp import ScanTotpScreen

        self.say("")
        self.app.push_screen(ScanTotpScreen(draft, self._added))

    def _added(self) -> None:
        """The second step is done and gone: what was typed has served, now comes the proof."""
        from screens.prove import ProveScreen

        self.house.drafts.drop(self.draft)
        self.app.switch_screen(ProveScreen(self._userid, "TOTP was added and its code is right."))


def _period_problem(text: str) -> str:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 6):
        return "A number of seconds, such as 30."
    return totp.period_problem(int(digits))
