"""What the keys do while an OpenID provider is probed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pve_auth_tui.core.lists import LISTINGS
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Reload, go_to

if TYPE_CHECKING:
    from screens.openid_probe import OpenIdProbeScreen


class OpenStage(Command["OpenIdProbeScreen"]):
    """Opens everything about the stage: what was asked, what the provider says, its own words."""

    keys, shown, word, name = "enter", "enter", "details", "open"

    @classmethod
    def problem(cls, screen: OpenIdProbeScreen) -> str:
        return screen.why_no_check()

    @classmethod
    def run(cls, screen: OpenIdProbeScreen) -> None:
        screen.open_check()


class TakeStageFix(Command["OpenIdProbeScreen"]):
    """Takes the fix with that digit: of a saved realm its plan, in a form the changed options."""

    keys, shown, word, name = "1,2,3,4,5,6,7,8,9", "1-9", "take a fix", "fix"

    @classmethod
    def problem(cls, screen: OpenIdProbeScreen) -> str:
        return screen.why_no_fix()

    @classmethod
    def run(cls, screen: OpenIdProbeScreen) -> None:
        screen.take_fix()


class TrySecret(Command["OpenIdProbeScreen"]):
    """Tries the client secret, once, after a question: the provider's log has a failed login."""

    keys, shown, word, name = "x", "x", "try secret", "secret"

    @classmethod
    def problem(cls, screen: OpenIdProbeScreen) -> str:
        return screen.busy or screen.why_nothing_tested() or screen.why_no_secret()

    @classmethod
    def run(cls, screen: OpenIdProbeScreen) -> None:
        screen.ask_secret()


class ReadClaims(Command["OpenIdProbeScreen"]):
    """Tells what PVE would make of somebody's claims: paste an ID token or the userinfo."""

    keys, shown, word, name = "g", "g", "claims", "claims"

    @classmethod
    def problem(cls, screen: OpenIdProbeScreen) -> str:
        return screen.why_no_settings()

    @classmethod
    def run(cls, screen: OpenIdProbeScreen) -> None:
        screen.open_claims()


class TryBrowserLogin(Command["OpenIdProbeScreen"]):
    """Tries a login with any browser: a QR code to open, then the address it ends at."""

    keys, shown, word, name = "l", "l", "try login", "login"

    @classmethod
    def problem(cls, screen: OpenIdProbeScreen) -> str:
        return screen.busy or screen.why_no_login()

    @classmethod
    def run(cls, screen: OpenIdProbeScreen) -> None:
        screen.open_login()


class ShowAddresses(Command["OpenIdProbeScreen"]):
    """Shows the redirect URIs to register, and the steps at a provider that is known."""

    keys, shown, word, name = "i", "i", "addresses", "addresses"

    @classmethod
    def problem(cls, screen: OpenIdProbeScreen) -> str:
        return screen.why_no_addresses()

    @classmethod
    def run(cls, screen: OpenIdProbeScreen) -> None:
        screen.show_addresses()


class ProbeAgain(Reload):
    """Probes the provider again, from the first stage on. The cursor stays on its row."""

    keys, shown, word = "r,f5", "r", "again"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return cast("OpenIdProbeScreen", screen).busy

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("OpenIdProbeScreen", screen).begin()


class SaveProbe(Command["OpenIdProbeScreen"]):
    """Saves the report to a file that only you can read. No secret is in it."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def problem(cls, screen: OpenIdProbeScreen) -> str:
        return screen.busy or screen.why_nothing_tested()

    @classmethod
    def run(cls, screen: OpenIdProbeScreen) -> None:
        screen.save()


class LeaveProbe(Back):
    """Stops a probe that runs, then goes back. Nothing was changed."""

    word = "back"


_LISTS: Commands = tuple(go_to(each.name, each.title, "") for each in LISTINGS)
"""The lists, by their names only: digits take fixes here."""

OF_PROBE: Commands = (
    *(OpenStage, TakeStageFix, TrySecret, ReadClaims, TryBrowserLogin, ShowAddresses),
    *(ProbeAgain, SaveProbe, LeaveProbe),
    *_LISTS,
    *(
        each
        for each in EVERYWHERE
        if each not in (Back, Reload) and (each.keys == "0" or not each.keys.isdigit())
    ),
)
