"""What is asked before a realm's servers get a password: a typed yes, and the password itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, cast

from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.directory.unsafe import unsafe_sentences
from pve_auth_tui.core.secret import Secret
from screens.base import BaseScreen
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Reveal, Review
from screens.typed_yes import YesScreen
from widgets.field import AnyField, SecretEntry

_NONE: Final = Secret("")


class AtDirectory(BaseScreen):
    """Mixin of screens that work with the servers of one realm."""

    def agree_then(
        self, settings: DirectorySettings, whose: str, go_on: Callable[[bool], None]
    ) -> None:
        """Ask where others could read what is sent (R20), once per run; `go_on` hears the answer.

        Where the realm is safe nobody is asked, and it hears False: nothing has to be agreed to.
        """
        if settings.safe:
            go_on(False)
            return

        def answered(yes: bool | None) -> None:
            if self.is_attached:
                go_on(bool(yes))

        dialog = YesScreen("Not safe", unsafe_sentences(settings, whose))
        self.app.push_screen(dialog, answered)

    def ask_bind_password(
        self, settings: DirectorySettings, on_given: Callable[[Secret], None]
    ) -> None:
        """For one run, where what PVE has stored cannot be read from here."""
        self.app.push_screen(BindPasswordForm(settings, on_given))


class UsePassword(Review):
    """Goes on with the password. It is kept nowhere."""

    word, name = "go on", "go on"


class LeavePassword(LeaveForm):
    """Leaves; without the password nobody binds."""

    word = "back"


class BindPasswordForm(FormScreen):
    """`on_given` gets the password after this has closed."""

    OFFERS: ClassVar[Commands] = (UsePassword, FieldHelp, Reveal, LeavePassword)

    def __init__(self, settings: DirectorySettings, on_given: Callable[[Secret], None]) -> None:
        super().__init__()
        self._settings = settings
        self._on_given = on_given

    @property
    def heading(self) -> str:
        return f"The password of {self._settings.bind_dn}"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            SecretEntry(
                "password", "Bind Password", rule=_password_problem,
                help="What PVE has stored, if anything, cannot be read from here. What is typed is"
                " kept nowhere.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        self.say("No stored password is at hand: type it for this run. ^O goes on.")

    def review(self) -> None:
        password = cast(Secret, self.form.field("password").value)
        self.form.clear_secrets()
        self.step_back()
        self._on_given(password)


def _password_problem(password: Secret) -> str:
    return "Without a password nobody can bind." if password == _NONE else ""
