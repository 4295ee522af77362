"""The PIN of a security key: the first one, or another one in place of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias, cast

from textual import on, work
from textual.message import Message
from textual.worker import Worker, get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keypins import old_pin_problem, pin_problem, pin_remarks
from pve_auth_tui.core.keys import KeyInfo, PinState
from pve_auth_tui.core.keytrouble import Kind
from pve_auth_tui.core.keywords import label
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.secret import Secret
from screens.base import BaseScreen
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from widgets.field import Answer, AnyField, SecretEntry
from widgets.remarks_pane import RemarksPane

OnPin: TypeAlias = Callable[[KeyInfo, str], None]
"""Hears what the key says of itself then, and what came of it as a sentence."""

_WAITS: Final = "The key is working ..."
_OVER: Final = frozenset({Kind.UNPLUGGED, Kind.SILENT, Kind.PIN_REPLUG, Kind.PIN_BLOCKED})
"""After these nothing that is typed here can help."""


class SetPin(Review):
    """Sends the PIN to the key. Reset is never offered: it deletes every account on the key."""

    word, name = "set it", "set"

    @classmethod
    def problem(cls, screen: FormScreen) -> str:
        return _WAITS if cast("KeyPinForm", screen).works else ""


class LeavePin(LeaveForm):
    """Leaves; nothing that you typed is kept."""

    word = "back"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return _WAITS if cast("KeyPinForm", screen).works else ""


class KeyPinForm(FormScreen):
    """`info` is what the key said; nothing is sent that cannot be right, for a key counts."""

    OFFERS: ClassVar[Commands] = (SetPin, FieldHelp, Reveal, LeavePin)
    REMARKS: ClassVar[str] = "What to know"

    @dataclass
    class Set(Message):
        """The key has another PIN."""

        info: KeyInfo

    @dataclass
    class NotSet(Message):
        """It has not, as far as anybody knows; `info` is what it says of itself now."""

        error: AuthTuiError
        info: KeyInfo

    def __init__(self, info: KeyInfo, on_pin: OnPin) -> None:
        super().__init__()
        self._info = info
        self._on_pin = on_pin
        self._worker: Worker[None] | None = None

    @property
    def works(self) -> bool:
        """Whether the key has been sent a PIN and has not answered."""
        return self._worker is not None

    @property
    def has_one(self) -> bool:
        return self._info.pin is PinState.SET

    @property
    def heading(self) -> str:
        return f"{'Another' if self.has_one else 'The first'} PIN: {label(self._info.place)}"

    def make_fields(self) -> Sequence[AnyField]:
        old = SecretEntry(
            "old", "PIN now", rule=old_pin_problem,
            help="The one that the key has. A wrong one costs a try.",
        )  # fmt: skip
        return [
            *([old] if self.has_one else []),
            SecretEntry("new", "New PIN", rule=self._new_problem, help="^R shows it."),
            SecretEntry("again", "Confirm PIN", rule=self._again_problem, help="The same again."),
        ]

    def _new_problem(self, typed: Secret) -> str:
        found = pin_problem(typed, self._info)
        return found.text if found is not None and found.word == "BAD" else ""

    def _again_problem(self, again: Secret) -> str:
        same = again == self.form.field("new").value
        return "" if same else "It is not the same PIN."

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        new = answers["new"]
        return pin_remarks(self._info, new if isinstance(new, Secret) else Secret(""))

    def answer_changed(self, ident: str) -> None:
        """A problem of the confirmation goes when the other field is mended."""
        again = self.form.field("again")
        if ident == "new" and again.problem:
            again.check()

    # --- sending it -----------------------------------------------------------------

    def review(self) -> None:
        answers = self.form.values
        old, new = answers.get("old"), answers["new"]
        if isinstance(new, Secret):
            self.form.clear_secrets()
            self.say(_WAITS)
            self._worker = self._set(new, old if isinstance(old, Secret) else None)
            self.show_keys()

    @work(thread=True, exclusive=True, group="pin", exit_on_error=False)
    def _set(self, new: Secret, old: Secret | None) -> None:
        message: Message
        care, place = self.house.workshop.key_care, self._info.place
        try:
            message = self.Set(care.change_pin(place.path, new, old))
        except AuthTuiError as error:
            message = self.NotSet(error, care.look(place).info)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Set)
    def _is_set(self, message: Set) -> None:
        done = "changed" if self.has_one else "set"
        self._leave(message.info, f"The PIN of {label(self._info.place)} is {done}.")

    @on(NotSet)
    def _is_not_set(self, message: NotSet) -> None:
        error, kind = message.error, getattr(message.error, "kind", None)
        if kind in _OVER or message.info.problem:
            self._leave(message.info, f"{error} {error.hint}".strip())
            return
        self._worker, self._info = None, message.info
        self._on_pin(message.info, "")
        self.tell(error)
        if kind is Kind.PIN_WRONG and self.has_one:
            self.form.show_problem("old", str(error))
        self.query_one(RemarksPane).begin()
        self.show_keys()

    def _leave(self, info: KeyInfo, sentence: str) -> None:
        self._worker = None
        if self.is_current:
            self.app.pop_screen()
        self._on_pin(info, sentence)
