"""A new password for somebody, typed twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, cast

from pve_auth_tui.core import newuser
from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.intents import users
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from screens.user_fields import PeopleForm
from widgets.field import Answer, AnyField, SecretEntry

_NONE: Final = Secret("")


class PasswordForm(PeopleForm):
    """Only for users of realms where PVE stores passwords; for others the plan refuses."""

    REMARKS: ClassVar[str] = "Where it is set"

    def __init__(self, userid: str) -> None:
        super().__init__()
        self._userid = userid

    @property
    def heading(self) -> str:
        return f"Password: {self._userid}"

    @property
    def draft(self) -> str:
        return f"password {self._userid}"

    def make_fields(self) -> Sequence[AnyField]:
        own = SecretEntry(
            "own", "Your Password", rule=_own_problem,
            help=f"Of {self._asker}, who is logged in: PVE wants it for every new password.",
        )  # fmt: skip
        return [
            *([own] if self._asker else []),
            SecretEntry(
                "password", "New Password", help="^R shows it.",
                rule=self._new_problem,
            ),
            SecretEntry(
                "again", "Confirm Password", rule=self._again_problem, help="The same once more."
            ),
        ]  # fmt: skip

    @property
    def _asker(self) -> str:
        """Who is logged in, unless it is root@pam, whom PVE asks for nothing."""
        user = self.house.node.user if self.house.node else ""
        return "" if user == ROOT else user

    def _new_problem(self, typed: Secret) -> str:
        return newuser.new_password_problem(typed, release_of(self.known))

    def _again_problem(self, again: Secret) -> str:
        same = again == self.form.field("password").value
        return "" if same else "It is not the same password."

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        return newuser.password_lines(self.known, self._userid) if self.known else ()

    def review(self) -> None:
        why_not = self.house.node.can(Ability.SEND_SECRET) if self.house.node else ""
        if why_not:
            raise Refused(f"No password can be sent: {why_not}.")
        answers = self.form.values
        password, own = answers["password"], answers.get("own")
        confirmation = cast(Secret, own) if self._asker else None
        self.propose(users.set_password(self._userid, cast(Secret, password), confirmation))


def _own_problem(typed: Secret) -> str:
    return "PVE wants your own password first." if typed == _NONE else ""
