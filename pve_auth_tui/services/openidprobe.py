"""One probe of a provider, stage by stage: it asks, `core.openid` judges."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final

from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.client import (
    authorize_url,
    judge_authorize,
    judge_secret,
    token_form,
)
from pve_auth_tui.core.openid.discovery import (
    Document,
    document_url,
    host_of,
    judge_claims,
    judge_clock,
    judge_document,
    judge_endpoints,
    judge_issuer,
    judge_pkce,
    read_document,
    text,
)
from pve_auth_tui.core.openid.keys import judge_keys, key_set
from pve_auth_tui.core.openid.ports import AT, Web, WebAnswer
from pve_auth_tui.core.openid.pveview import judge_pve_error, judge_pve_url
from pve_auth_tui.core.openid.report import Check, Fact, OpenIdTest, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.ports import Api, Clock
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import span

_SOON: Final = 21 * 86400.0  # seconds that a certificate should last
_AT_ADDRESS: Final = frozenset(
    {
        *(Cause.NO_ISSUER, Cause.ISSUER_MALFORMED, Cause.ISSUER_TOO_LONG, Cause.NOT_HTTPS),
        *(Cause.ISSUER_IS_DOCUMENT, Cause.NAME_UNKNOWN, Cause.DNS_SILENT, Cause.LOCAL_ADDRESS),
        Cause.PROXY_MALFORMED,
    }
)
_AT_PORT: Final = frozenset(
    {
        *(Cause.REFUSED, Cause.NO_ROUTE, Cause.PROXY_UNREACHABLE, Cause.PROXY_REFUSED),
        Cause.PROXY_LOGIN_HIDDEN,
    }
)
_AT_TLS: Final = frozenset(
    {
        *(Cause.NO_TLS, Cause.NO_COMMON_TLS, Cause.CLIENT_CERT_WANTED, Cause.CA_UNREADABLE),
        *(Cause.CERT_UNTRUSTED, Cause.CERT_SELF_SIGNED, Cause.CERT_INCOMPLETE, Cause.CERT_WEAK),
        *(Cause.CERT_EXPIRED, Cause.CERT_NOT_YET, Cause.CERT_OTHER_NAME, Cause.CERT_REFUSED),
    }
)
_SHORT: Final = {
    Cause.NO_ISSUER: "no issuer",
    Cause.ISSUER_MALFORMED: "no issuer",
    Cause.ISSUER_TOO_LONG: "too long",
    Cause.ISSUER_IS_DOCUMENT: "the document's address",
    Cause.NOT_HTTPS: "http: not asked",
    Cause.NAME_UNKNOWN: "unknown name",
    Cause.DNS_SILENT: "DNS is silent",
    Cause.LOCAL_ADDRESS: "a local address",
    Cause.REFUSED: "refused",
    Cause.SILENT: "no answer",
    Cause.NO_ROUTE: "no route",
    Cause.BROKEN_OFF: "broken off",
    Cause.PROXY_MALFORMED: "http_proxy is wrong",
    Cause.PROXY_UNREACHABLE: "the proxy is silent",
    Cause.PROXY_REFUSED: "the proxy refuses",
    Cause.PROXY_LOGIN_HIDDEN: "by a proxy: not asked",
    Cause.NO_TLS: "no TLS there",
    Cause.NO_COMMON_TLS: "no common TLS",
    Cause.CLIENT_CERT_WANTED: "wants a certificate",
    Cause.CA_UNREADABLE: "the store is broken",
    Cause.CERT_UNTRUSTED: "not trusted",
    Cause.CERT_SELF_SIGNED: "self-signed",
    Cause.CERT_INCOMPLETE: "chain incomplete",
    Cause.CERT_EXPIRED: "expired",
    Cause.CERT_NOT_YET: "not valid yet",
    Cause.CERT_OTHER_NAME: "other name",
    Cause.CERT_WEAK: "too weak",
    Cause.CERT_REFUSED: "not in order",
    Cause.NOT_HTTP: "no web server",
    Cause.REDIRECTED: "lies elsewhere",
    Cause.REDIRECTED_AWAY: "sent to another host",
    Cause.REDIRECTED_TOO_OFTEN: "sent round in circles",
    Cause.COMPRESSED: "compressed",
    Cause.TOO_LARGE: "larger than 1 MiB",
    Cause.NOT_FOUND: "not there",
    Cause.STATUS: "the provider fails",
    Cause.NOT_JSON: "no JSON",
}


class _Enough(Exception):
    """Nothing more can be asked, or nobody wants it."""


@dataclass
class Probing:
    """Used once. Parameters as `OpenIdService.probe` has them."""

    web: Web
    api: Api | None
    clock: Clock
    settings: OpenIdSettings
    secret: Secret | None
    redirect: str
    ask_secret: bool
    token_host: str
    agreed: bool
    proxy: Secret | None
    saved: bool
    on_check: Callable[[Check], None]
    stopped: Callable[[], bool]
    _checks: list[Check] = field(default_factory=list)

    def run(self) -> OpenIdTest:
        """All stages that can be reached."""
        began = time.monotonic()
        document: Document | None = None
        cancelled = False
        try:
            answer = self._first()
            document = self._document(answer)
            self._rest(document, answer)
        except _Enough:
            cancelled = self.stopped()
        if not cancelled:
            try:
                self._as_pve_sees_it(document)
            except _Enough:
                cancelled = True
        return OpenIdTest(
            self.settings,
            self.redirect,
            tuple(self._checks),
            time.monotonic() - began,
            saved=self.saved,
            stopped=cancelled,
        )

    def _tell(self, check: Check, seconds: float | None = None) -> None:
        """Raises _Enough when somebody cancelled it."""
        found = check if seconds is None else replace(check, seconds=seconds)
        self._checks.append(found)
        self.on_check(found)
        if self.stopped():
            raise _Enough

    # --- the way there -----------------------------------------------------------------------

    def _first(self) -> WebAnswer:
        """The document's answer, by which address, port and certificate are told as well."""
        issuer = self.settings.issuer
        try:
            answer = self._get(document_url(issuer), follow=False)
        except OpenIdTrouble as trouble:
            self._not_there(trouble)
            raise _Enough from None
        line = answer.line
        self._tell(Check(Stage.ADDRESS, "ok", line.address), line.naming)
        self._tell(Check(Stage.PORT, "ok"), line.connecting)
        self._tls(answer)
        return answer

    def _not_there(self, trouble: OpenIdTrouble) -> None:
        """The stage that failed; those before it went well."""
        if at := trouble.facts.pop(AT, ""):
            stage = Stage(at)
        elif trouble.cause in _AT_ADDRESS:
            stage = Stage.ADDRESS
        elif trouble.cause in _AT_PORT:
            stage = Stage.PORT
        else:
            stage = Stage.TLS if trouble.cause in _AT_TLS else Stage.DISCOVERY
        before = list(Stage)[: list(Stage).index(stage)]
        for one in before:
            self._tell(Check(one, "ok"))
        self._tell(_failed(stage, trouble))

    def _tls(self, answer: WebAnswer) -> None:
        line = answer.line
        if not line.tls:
            self._tell(Check(Stage.TLS, "LOOK", "no TLS, as agreed", causes=(Cause.NOT_HTTPS,)))
            return
        left = line.ends - answer.at
        facts: tuple[Fact, ...] = (Fact("TLS", line.tls),)
        if line.ends and left < _SOON:
            facts = (*facts, Fact("Ends in", span(left)))
            check = Check(
                Stage.TLS, "LOOK", span(left), causes=(Cause.CERT_ENDS_SOON,), facts=facts
            )
        else:
            days = f"{left / 86400:,.0f} days" if line.ends else line.tls
            check = Check(Stage.TLS, "ok", days, facts=facts)
        self._tell(check, line.shaking)

    # --- the document --------------------------------------------------------------------------

    def _document(self, answer: WebAnswer) -> Document:
        seconds = answer.line.answering
        try:
            document = read_document(answer)
        except OpenIdTrouble as trouble:
            self._tell(_failed(Stage.DISCOVERY, trouble), seconds)
            raise _Enough from None
        self._tell(judge_document(document, answer), seconds)
        return document

    def _rest(self, document: Document, answer: WebAnswer) -> None:
        self._tell(judge_issuer(self.settings, document))
        self._tell(judge_clock(_date_of(answer), answer.at))
        self._tell(judge_endpoints(self.settings, document))
        self._keys(document)
        self._tell(judge_claims(self.settings, document, saved=self.saved))
        self._authorize(document)
        self._tell(judge_pkce(document))
        self._client_secret(document)

    def _keys(self, document: Document) -> None:
        began = time.monotonic()
        url = text(document, "jwks_uri")
        if not url:
            self._tell(Check(Stage.KEYS, "-", "no address"))
            return
        try:
            found = self._get(url)
        except OpenIdTrouble as trouble:
            failed = _failed(Stage.KEYS, trouble)
            causes = (Cause.KEYS_UNREACHABLE, trouble.cause)
            self._tell(replace(failed, causes=causes), time.monotonic() - began)
            return
        if found.status != 200:
            self._tell(
                Check(
                    Stage.KEYS, "BAD", f"HTTP {found.status}",
                    causes=(Cause.KEYS_UNREACHABLE,), facts=(Fact("URL", url),),
                ),
                time.monotonic() - began,
            )  # fmt: skip
            return
        self._tell(judge_keys(document, key_set(found)), time.monotonic() - began)

    # --- the client ------------------------------------------------------------------------------

    def _authorize(self, document: Document) -> None:
        if not self.settings.client_id or not self.redirect:
            self._tell(Check(Stage.AUTHORIZE, "-", "no client ID or URI given"))
            return
        challenge = urlsafe_b64encode(sha256(secrets.token_bytes(32)).digest()).rstrip(b"=")
        url = authorize_url(
            self.settings,
            document,
            self.redirect,
            state=secrets.token_urlsafe(16),
            nonce=secrets.token_urlsafe(16),
            pkce=challenge.decode(),
        )
        if not url:
            self._tell(Check(Stage.AUTHORIZE, "-", "no address"))
            return
        began = time.monotonic()
        try:
            check = judge_authorize(self._get(url, follow=False), self.redirect)
        except OpenIdTrouble as trouble:
            check = _failed(Stage.AUTHORIZE, trouble)
        self._tell(check, time.monotonic() - began)

    def _client_secret(self, document: Document) -> None:
        """Once at most, and nowhere that the document alone leads to (R21)."""
        endpoint = text(document, "token_endpoint")
        if not self.ask_secret:
            self._tell(Check(Stage.SECRET, "-", "not asked"))
            return
        if not endpoint:
            self._tell(Check(Stage.SECRET, "-", "no address"))
            return
        host = host_of(endpoint)
        if host != host_of(self.settings.issuer) and host != self.token_host.strip().lower():
            self._tell(
                Check(
                    Stage.SECRET, "-", "at another host: not sent",
                    causes=(Cause.TOKEN_ELSEWHERE,), facts=(Fact("Token endpoint", host),),
                )
            )  # fmt: skip
            return
        form = token_form(self.redirect, f"probe-{secrets.token_hex(8)}", secrets.token_urlsafe(48))
        basic = (self.settings.client_id, self.secret) if self.secret is not None else None
        if basic is None:
            form["client_id"] = self.settings.client_id
        began = time.monotonic()
        try:
            answer = self.web.post(
                endpoint, form, {},
                issuer=self.settings.issuer, basic=basic, agreed=self.agreed, proxy=self.proxy,
            )  # fmt: skip
            check = judge_secret(answer, document, with_secret=basic is not None)
        except OpenIdTrouble as trouble:
            check = _failed(Stage.SECRET, trouble)
        self._tell(check, time.monotonic() - began)

    # --- PVE -------------------------------------------------------------------------------------

    def _as_pve_sees_it(self, document: Document | None) -> None:
        if not self.saved:
            self._tell(Check(Stage.PVE, "-", "not saved yet"))
            return
        if self.api is None:
            self._tell(Check(Stage.PVE, "-", "no way to PVE's API"))
            return
        if not self.redirect:
            self._tell(Check(Stage.PVE, "-", "no redirect URI given"))
            return
        began = time.monotonic()
        params = {"realm": self.settings.realm, "redirect-url": self.redirect}
        try:
            url = self.api.call("POST", ("access", "openid", "auth-url"), params)
        except ApiError as error:
            check = judge_pve_error(error.original or str(error))
        except AuthTuiError as error:
            check = Check(
                Stage.PVE, "-", "PVE does not answer",
                facts=(Fact("Why", str(error)),), original=error.original,
            )  # fmt: skip
        else:
            check = judge_pve_url(url, self.settings, self.redirect, document)
        self._tell(check, time.monotonic() - began)

    def _get(self, url: str, *, follow: bool = True) -> WebAnswer:
        return self.web.get(
            url,
            issuer=self.settings.issuer,
            agreed=self.agreed,
            follow=follow,
            proxy=self.proxy,
        )


def _failed(stage: Stage, trouble: OpenIdTrouble) -> Check:
    facts = tuple(Fact(heading, told) for heading, told in trouble.facts.items())
    word: Word = "-" if trouble.cause is Cause.PROXY_LOGIN_HIDDEN else "BAD"
    return Check(
        stage, word, _SHORT.get(trouble.cause, "failed"),
        causes=(trouble.cause,), facts=facts, original=trouble.original,
    )  # fmt: skip


def _date_of(answer: WebAnswer) -> float | None:
    """Seconds since 1970; None for none and for what is no date."""
    try:
        found = parsedate_to_datetime(answer.headers.get("date", ""))
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return found.timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
