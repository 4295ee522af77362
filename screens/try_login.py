"""One person's login at a realm's servers: a name, a password, one attempt (R23)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, cast

from pve_auth_tui.core.secret import Secret
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from widgets.field import AnyField, SecretEntry, TextEntry

_NONE: Final = Secret("")


class TryOnce(Review):
    """Tries the login once. Before that the counters are read that lock somebody out."""

    word, name = "try once", "try once"


class LeaveTrial(LeaveForm):
    """Leaves; nothing was tried, and nothing that you typed is kept."""

    word = "back"


class TryLoginForm(FormScreen):
    """`on_given` gets name and password after this has closed. `name`: what was tried before."""

    OFFERS: ClassVar[Commands] = (TryOnce, FieldHelp, Reveal, LeaveTrial)

    def __init__(self, realm: str, on_given: Callable[[str, Secret], None], name: str = "") -> None:
        super().__init__()
        self._realm = realm
        self._on_given = on_given
        self._name_before = name

    @property
    def heading(self) -> str:
        return f"Try one person's login at realm {self._realm}"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            TextEntry(
                "name", "User name", self._name_before, rule=self._name_problem,
                help=f"As typed into PVE's login box: without @{self._realm}.",
            ),
            SecretEntry(
                "password", "Password", rule=_password_problem,
                help="The person's own, for one login at the directory. It is kept nowhere.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        self.say("One attempt per ^O, and none where one more could lock the account.")

    def _name_problem(self, name: str) -> str:
        if not name.strip():
            return "Whose login?"
        if name.strip().endswith(f"@{self._realm}"):
            return f"Without @{self._realm}."
        return ""

    def review(self) -> None:
        name = str(self.form.field("name").value).strip()
        password = cast(Secret, self.form.field("password").value)
        self.form.clear_secrets()
        self.step_back()
        self._on_given(name, password)


def _password_problem(password: Secret) -> str:
    return (
        "Without a password most directories let anybody in: that proves nothing."
        if password == _NONE
        else ""
    )
