"""OpenID for screens, without a network: what the service answers is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from textual import events
from textual.pilot import Pilot

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.openid.assisted import Begun
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.report import Check, Fact, OpenIdTest, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.openidlogin import LoggedIn
from tests.core.openids import ISSUER, REDIRECT

CLIENT_SECRET: Final = "the-clients-own-secret"
IDP: Final = Realm(
    "idp",
    "openid",
    {
        "issuer-url": ISSUER,
        "client-id": "proxmox",
        "client-key": CLIENT_SECRET,
        "username-claim": "preferred_username",
        "groups-claim": "groups",
        "autocreate": "1",
    },
)
PLAIN: Final = Realm("lab", "openid", {"issuer-url": "http://idp.lab", "client-id": "x"})
BEGUN: Final = Begun("idp", REDIRECT, f"{ISSUER}/authorize?client_id=x&state=STATE", "STATE")


def checks_with_a_slash() -> list[Check]:
    """Everything is well but for the issuer's end."""
    told = Fact("The provider says", f"{ISSUER}/")
    bad = Check(
        Stage.ISSUER, "BAD", "slash missing", None, (Cause.SLASH_MISSING,), (told,), "as it says"
    )
    unasked = Check(Stage.SECRET, "-", "not asked")
    others = {Stage.ISSUER: bad, Stage.SECRET: unasked}
    return [others.get(stage, Check(stage, "ok", "fine", 0.003)) for stage in Stage]


@dataclass
class Probes:
    """Instead of OpenIdService. `held`: what a run waits for, after its first check."""

    checks: Callable[[], list[Check]] = checks_with_a_slash
    held: Event | None = None
    error: AuthTuiError | None = None
    login: LoggedIn | AuthTuiError = field(default_factory=lambda: LoggedIn("ann@idp"))
    begun: Begun | AuthTuiError = BEGUN
    runs: list[dict[str, Any]] = field(default_factory=list)
    begins: list[tuple[str, str]] = field(default_factory=list)
    pasted: list[Secret] = field(default_factory=list)

    def probe(
        self,
        settings: OpenIdSettings,
        secret: Secret | None = None,
        *,
        redirect: str,
        on_check: Callable[[Check], None] = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
        **how: Any,
    ) -> OpenIdTest:
        self.runs.append({"settings": settings, "given": secret, "redirect": redirect, **how})
        if self.error is not None:
            raise self.error
        done = []
        for check in self.checks():
            done.append(check)
            on_check(check)
            while self.held is not None and not self.held.wait(0.01):
                if stopped():
                    return OpenIdTest(settings, redirect, tuple(done), 0.1, stopped=True)
        return OpenIdTest(settings, redirect, tuple(done), 0.7, saved=how["saved"])

    def begin_login(self, realm: str, redirect: str) -> Begun:
        self.begins.append((realm, redirect))
        if isinstance(self.begun, AuthTuiError):
            raise self.begun
        return self.begun._replace(realm=realm, redirect=redirect)

    def finish_login(self, login: Begun, pasted: Secret, *_: Any) -> LoggedIn:
        self.pasted.append(pasted)
        while self.held is not None and not self.held.wait(0.01):
            pass
        if isinstance(self.login, AuthTuiError):
            raise self.login
        return self.login


async def paste(pilot: Pilot[Any], text: str) -> None:
    """As a terminal with bracketed paste sends it: all of it at once."""
    pilot.app.post_message(events.Paste(text))
    await pilot.pause(0.1)
