"""A temporary administrator: somebody of realm pve who may do everything for some hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, cast

from pve_auth_tui.core import newuser
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.intents import users
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.recover.intents import MOST_HOURS, temporary_administrator
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import date_time
from pve_auth_tui.services.recover import Recovers
from screens.form import NAMELESS, FormScreen, OnDone
from screens.recover_reason import LONGEST, reason_problem
from widgets.field import Answer, AnyField, SecretEntry, TextEntry

_NONE: Final = Secret("")
_NO_PASSWORD: Final = Line("The plan of it stands here as soon as there is a password.")
_REALM: Final = "@pve"
_HOURS: Final = 4


class TemporaryForm(FormScreen):
    """`userid`: whose login it is about; `reason`: what is proposed as the reason (R18)."""

    REMARKS: ClassVar[str] = "What comes of it"

    def __init__(self, userid: str, reason: str, on_done: OnDone) -> None:
        super().__init__(on_done)
        self._about = userid
        self._reason = reason[:LONGEST]

    @property
    def heading(self) -> str:
        return "A temporary administrator"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            TextEntry(
                "name", "User name", self._free_name(), rule=self._name_problem,
                help="A new user of the realm pve: the part before @.",
            ),
            SecretEntry(
                "password", "Password", rule=self._password_problem,
                help="It alone opens the login: there is no second factor. ^R shows it.",
            ),
            SecretEntry(
                "again", "Confirm Password", rule=self._again_problem, help="The same once more."
            ),
            TextEntry(
                "hours", "Hours", str(_HOURS), rule=_hours_problem,
                help=f"From 1 to {MOST_HOURS}; then PVE lets the user in no more.",
            ),
            TextEntry(
                "reason", "Reason", self._reason, rule=reason_problem,
                help="It stands in the user's comment, in the journal and on Start.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        reason = self.form.field("reason")
        if isinstance(reason, TextEntry):
            reason.control.cursor_position = 0  # its beginning is seen

    def _free_name(self) -> str:
        """`rescue`, or the first `rescue2`, ... that nobody has."""
        taken = self.config.users if self.config else {}
        names = ("rescue", *(f"rescue{number}" for number in range(2, 100)))
        return next((name for name in names if f"{name}{_REALM}" not in taken), "")

    # --- rules -----------------------------------------------------------------------------

    def _name_problem(self, name: str) -> str:
        if not name:
            return "A user has a name."
        return users.new_user_problem(self.known, name + _REALM) if self.known else ""

    def _password_problem(self, password: Secret) -> str:
        if password == _NONE:
            return "Without a password nobody can log in."
        return newuser.new_password_problem(password, release_of(self.known))

    def _again_problem(self, again: Secret) -> str:
        same = again == self.form.field("password").value
        return "" if same else "It is not the same password."

    # --- what comes of it --------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        name, hours = str(answers["name"]), str(answers["hours"])
        if not name:
            return [NAMELESS]
        told = newuser.userid_lines(name + _REALM)
        if problem := _hours_problem(hours) or reason_problem(str(answers["reason"])):
            return [*told, Line(problem)]
        if answers["password"] == _NONE:
            return [*told, _NO_PASSWORD]
        until = date_time(int(self.now) + int(hours) * 3600)
        return [*told, Line(until, "Until"), *self.foreseen(self.intent(answers))]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        return temporary_administrator(
            str(answers["name"]) + _REALM,
            cast(Secret, answers["password"]),
            int(str(answers["hours"])),
            str(answers["reason"]),
            now=self.now,
        )

    def review(self) -> None:
        why_not = self.house.node.can(Ability.SEND_SECRET) if self.house.node else ""
        if why_not:
            raise Refused(f"No password can be sent: {why_not}.")
        super().review()

    def propose(self, intent: Intent) -> None:
        """As a way back in: with its reason, and never collected."""
        recovers = Recovers(self._about, str(self.form.values["reason"]).strip())
        self.house.review(intent, self._proposed, self.tell, recovers=recovers)


def _hours_problem(text: str) -> str:
    right = text.strip().isascii() and text.strip().isdigit() and 1 <= int(text) <= MOST_HOURS
    return "" if right else f"A number from 1 to {MOST_HOURS}."
