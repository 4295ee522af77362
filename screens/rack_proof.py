"""The last stage of a cell of the rack: its key is proved, by whoever gets it or by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import on

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.modhex import holds_code
from pve_auth_tui.core.rack import Proving, Rack
from pve_auth_tui.core.secret import Secret
from screens.at_key import TOO_EARLY
from screens.rack_cells import RackCells, Step
from widgets.controls import Entered
from widgets.field import SecretEntry
from widgets.lines import KeyHint, KeyLine

if TYPE_CHECKING:
    from pve_auth_tui.services.prove import Proof
    from pve_auth_tui.services.rack import Done


class OwnerEntry(SecretEntry):
    """The password of whoever gets the key, for one login."""


class RackProof(RackCells):
    """Begins with `stored`."""

    def stored(self, done: Done) -> None:
        self.rack = done.rack
        self.house.took_picture(done.report)
        match done.rack.proving:
            case Proving.SIGNATURE:
                self._sign()
            case Proving.NOW:
                self._ask_owner()
            case Proving.LATER:
                self._end_cell(f"{self.at.label} is stored; nobody has proved it.")
        if done.remarks:
            self.say(" ".join(done.remarks))

    def _ask_owner(self) -> None:
        rack, snapshot = self.rack, self.house.snapshot
        if rack is None or snapshot is None:
            return
        userid = rack.userid(self.at)
        if why := self.service.why_no_login(userid, snapshot):
            self.say(f"{why} So its signature is checked.")
            self._sign()
            return
        self.go(Step.OWNER)
        self.focus_table()
        self.say(f"Stored. {userid} types the password, then Enter; blank: signature only.")
        self.when_listening(self._show_password)
        self.look_afresh()

    def _show_password(self) -> None:
        if self.step is Step.OWNER:
            field = self.query_one(OwnerEntry)
            field.give_label(field.label_width)
            field.display = True
            field.control.focus()
            self.show_keys()

    def show_keys(self) -> None:
        if self.step is Step.OWNER:
            asked = (KeyHint("enter", "log in"), KeyHint("esc", "later"))
            self.query_one(KeyLine).show_hints(asked)
        elif self.step is Step.ASKS:
            asked = (KeyHint("y", "take it"), KeyHint("esc", "no"))
            self.query_one(KeyLine).show_hints(asked)
        else:
            super().show_keys()

    def hide_password(self) -> None:
        """And forget what was typed."""
        field = self.query_one(OwnerEntry)
        field.clear()
        field.display = False

    @on(Entered)
    def _password_entered(self, message: Entered) -> None:
        field = self.query_one(OwnerEntry)
        if self.step is not Step.OWNER or not field.display:
            return
        message.stop()
        password = field.value
        typed = password.reveal()
        if holds_code(typed):
            field.clear()
            self.say(TOO_EARLY)
            return
        self.hide_password()
        if typed:
            self._log_in(password)
        else:
            self._sign()

    def _log_in(self, password: Secret) -> None:
        rack, key, at, pin = self.rack, self.plugged, self.at, self.plug_pin()
        if rack is None or key is None:
            return
        self.go(Step.PROVES)
        self.say("Logging in ...")
        self.at_key(
            lambda hands: self.service.log_in(rack, at, key, pin.hands(hands), password),
            self._proved,
            partial(self._not_proved, self._ask_owner),
        )

    def _sign(self) -> None:
        rack, key, at, pin = self.rack, self.plugged, self.at, self.plug_pin()
        if rack is None or key is None:
            return
        self.go(Step.PROVES)
        self.at_key(
            lambda hands: self.service.sign(rack, at, key, pin.hands(hands)),
            self._proved,
            partial(self._not_proved, self._sign),
        )

    def _proved(self, result: tuple[Rack, Proof]) -> None:
        self.rack, proof = result
        self.house.look_at_proofs()
        what = "proved by a login" if proof.address else "stored, its signature is right"
        self._end_cell(" ".join((f"{self.at.label} is {what}.", *proof.remarks)))

    def _not_proved(self, again: Callable[[], None], error: AuthTuiError) -> None:
        self.again_with = again
        told = f"{error} {error.hint}".strip()
        self._end_cell(f"{self.at.label} is stored, and not proved: {told} a tries again.")

    def prove_later(self) -> None:
        """Esc at the password: the key is stored, and stays so."""
        self.hide_password()
        self.again_with = self._ask_owner
        self._end_cell(f"{self.at.label} is stored; nobody has proved it.")

    def _end_cell(self, sentence: str) -> None:
        self.go(Step.PULL)
        self.focus_table()
        following = self.following
        if following is None:
            then = "Nothing is open any more: f saves the sheet."
        else:
            then = f"Unplug it; next is {self.name_of(following)}."
        self.say(f"{sentence} {then}")
        self.look_afresh()
