"""What lists of users and of factors both do: give, unlock and prove second factors."""

from __future__ import annotations

from screens.choose import ChooseScreen
from screens.list_commands import ChangeOfRow, OnRow
from screens.listing import ListScreen

_KINDS = "TOTP", "WebAuthn: a security key", "Recovery Keys", "Yubico OTP"
"""As PVE's own menu has them."""


class Unlock(ChangeOfRow["FactorScreen"]):
    """Takes the lock off the second factors of the row's user."""

    keys, shown, word, name = "l", "l", "unlock", "unlock"

    @classmethod
    def run(cls, screen: FactorScreen) -> None:
        screen.unlock(screen.user)


class Prove(OnRow["FactorScreen"]):
    """Proves that the row's user can log in, by a real login with password and second factor."""

    keys, shown, word, name = "t", "t", "test", "prove"

    @classmethod
    def problem(cls, screen: FactorScreen) -> str:
        return super().problem(screen) or screen.house.why_no_login()

    @classmethod
    def run(cls, screen: FactorScreen) -> None:
        screen.prove(screen.user)


class FactorScreen(ListScreen):
    """A list whose rows are about users."""

    @property
    def user(self) -> str:
        """Whom the row under the cursor is about."""
        return self.table.key or ""

    @property
    def people(self) -> tuple[str, ...]:
        """Whose rows are marked, each once."""
        marked = self.acted_on if self.table.marks else ()
        return tuple(dict.fromkeys(map(self.subject_of, marked)))

    def choose_factor(self, userid: str) -> None:
        """PVE's own menu: which kind."""
        enrol = (self.enrol_totp, self.enrol_key, self.enrol_recovery, self.enrol_yubico)

        def chosen(index: int | None) -> None:
            if index is not None:
                enrol[index](userid)

        self.app.push_screen(ChooseScreen(f"Add for {userid}", _KINDS), chosen)

    def enrol_totp(self, userid: str) -> None:
        """An authenticator app: from the QR code to a proved login."""
        from screens.enrol_totp import EnrolTotpScreen

        self.app.push_screen(EnrolTotpScreen(userid))

    def enrol_key(self, userid: str) -> None:
        """A security key in this machine's USB, from its PIN to a proved login."""
        from screens.enrol_key import EnrolKeyScreen

        self.app.push_screen(EnrolKeyScreen(userid))

    def enrol_yubico(self, userid: str) -> None:
        """A YubiKey's one-time codes, where the realm has them."""
        from screens.enrol_yubico import EnrolYubicoForm

        self.app.push_screen(EnrolYubicoForm(userid))

    def enrol_recovery(self, userid: str) -> None:
        """Ten keys on paper."""
        from screens.enrol_recovery import EnrolRecoveryScreen

        self.app.push_screen(EnrolRecoveryScreen(userid))

    def unlock(self, userid: str) -> None:
        """The lock on somebody's factors."""
        from pve_auth_tui.core.intents import factors

        self.house.review(factors.unlock(userid), self.changed)

    def prove(self, userid: str) -> None:
        """A real login."""
        from screens.prove import ProveScreen

        self.app.push_screen(ProveScreen(userid))
