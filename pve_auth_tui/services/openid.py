"""Probes of OpenID Connect providers, and a login that is tried without a local browser."""

from __future__ import annotations

from collections.abc import Callable

from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.errors import ApiError, Refused, UsageError
from pve_auth_tui.core.openid.assisted import Begun, begun
from pve_auth_tui.core.openid.ports import Web
from pve_auth_tui.core.openid.redirects import is_exact
from pve_auth_tui.core.openid.report import Check, OpenIdTest
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.ports import Api, Clock, Journal
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.openidlogin import LoggedIn, finished
from pve_auth_tui.services.openidprobe import Probing

_AUTH_URL = ("access", "openid", "auth-url")


def proxy_of(snapshot: Snapshot) -> Secret | None:
    """The datacenter's http_proxy, by which PVE asks providers, too. It may hold a password."""
    found = snapshot.datacenter.value
    value = found.options.get("http_proxy") if found else None
    return Secret(value) if isinstance(value, str) and value else None


class OpenIdService:
    """Blocking. `web` asks the provider, `api` is the way to PVE in use."""

    def __init__(self, web: Web, api: Callable[[], Api | None], clock: Clock) -> None:
        self._web = web
        self._api = api
        self._clock = clock

    def probe(
        self,
        settings: OpenIdSettings,
        secret: Secret | None = None,
        *,
        redirect: str,
        ask_secret: bool = False,
        token_host: str = "",
        agreed: bool = False,
        proxy: Secret | None = None,
        saved: bool = True,
        on_check: Callable[[Check], None] = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> OpenIdTest:
        """Every stage, one after the other; what the provider refuses is a check and no error.

        `secret` stands for the realm's own. `ask_secret`: somebody wants it tried, which is a
        failed login in the provider's log, made once (R23). It goes to a token endpoint on the
        issuer's host only, or to `token_host`, which somebody typed (R21). `agreed`: somebody
        typed yes to an issuer without TLS; one with TLS leads nobody out of it. `saved`: PVE has
        the realm so, and can be asked as well.
        """
        probing = Probing(
            self._web,
            self._api() if saved else None,
            self._clock,
            settings,
            secret or settings.secret,
            redirect=redirect,
            ask_secret=ask_secret,
            token_host=token_host,
            agreed=agreed and settings.issuer.startswith("http:"),
            proxy=proxy,
            saved=saved,
            on_check=on_check,
            stopped=stopped,
        )
        return probing.run()

    def begin_login(self, realm: str, redirect: str) -> Begun:
        """PVE's own URL for a login; nothing is changed yet. The provider is asked by PVE.

        Raises UsageError for a redirect URI that no browser of PVE sends, Refused where there is
        no way to PVE, and PVE's refusals as `core.apitrouble` explains them.
        """
        if problem := is_exact(redirect):
            raise UsageError(problem)
        api = self._way()
        try:
            url = api.call("POST", _AUTH_URL, {"realm": realm, "redirect-url": redirect})
        except ApiError as error:
            raise explained(error, action="begin the login", user=api.user) from None
        return begun(realm, redirect, url)

    def finish_login(
        self,
        login: Begun,
        pasted: Secret,
        journal: Journal,
        look: Callable[[], Snapshot],
    ) -> LoggedIn:
        """The way back, handed to PVE once (R22, R23): it may make the user and groups.

        `look` gives a fresh picture, asked before and after. Raises OpenIdTrouble for what was
        pasted (nothing was sent), LoginRefused, Unreachable, and Unwritable where the journal
        takes nothing (nothing was sent either).
        """
        return finished(self._way(), login, pasted, journal, look, now=self._clock.now())

    def _way(self) -> Api:
        api = self._api()
        if api is None:
            raise Refused(
                "There is no way to PVE's API here, so no login can be tried.",
                "Run it on a node whose pveproxy or pvedaemon works.",
            )
        return api
