"""How PVE itself sees the provider: the URL that it makes for a login, or why it makes none.

Sources: PVE::API2::OpenId (`auth-url`: its errors are 500 with a text), openidconnect-rs
(`DiscoveryError`), reference 4.3. The texts of the HTTP library differ between versions of PVE, so
single words decide, and what is not known is told as it came.
"""

from __future__ import annotations

import re
from typing import Final

from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.client import fields_of
from pve_auth_tui.core.openid.discovery import Document, host_of, text
from pve_auth_tui.core.openid.report import Check, Fact, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings

_LONGEST: Final = 500  # characters of PVE's text
_TEXTS: Final[tuple[tuple[Cause, str, str], ...]] = (
    (Cause.PVE_NO_REALM, "no such realm in PVE", r"domain '.*' does not exist|wrong realm type"),
    (Cause.PVE_ISSUER, "another issuer", r"unexpected issuer"),
    (
        Cause.PVE_CERTIFICATE,
        "certificate refused",
        r"certificate|UnknownIssuer|CertExpired|NotValidForName|self.signed|InvalidCertificate",
    ),
    (Cause.PVE_STATUS, "HTTP error", r"HTTP status code|http status|status code [345]"),
    (
        Cause.PVE_PARSE,
        "cannot be read",
        r"parse server response|missing field|Content-Type|invalid type|expected value",
    ),
    (
        Cause.PVE_UNREACHABLE,
        "not reached",
        r"dns|lookup|resolve|connect|timed? ?out|unreachable|refused|Request failed|proxy",
    ),
)
_COMPILED: Final = tuple(
    (cause, said, re.compile(find, re.IGNORECASE)) for cause, said, find in _TEXTS
)


def judge_pve_error(told: str) -> Check:
    """The text of a 500 of auth-url."""
    short = " ".join(told[: _LONGEST * 4].split())[:_LONGEST]
    found = ((cause, said) for cause, said, find in _COMPILED if find.search(short))
    cause, said = next(found, (Cause.PVE_REFUSED, "refused"))
    return Check(
        Stage.PVE, "BAD", said,
        causes=(cause,), facts=(Fact("PVE says", short),), original=short,
    )  # fmt: skip


def judge_pve_url(
    url: object, settings: OpenIdSettings, redirect: str, document: Document | None
) -> Check:
    """The URL beside what the realm asks for. It holds no secret; its state is PVE's own."""
    if not isinstance(url, str) or not host_of(url):
        return Check(Stage.PVE, "BAD", "no URL", causes=(Cause.PVE_OTHER_URL,))
    found = fields_of(url)
    facts = [
        Fact("Client ID", found.get("client_id", "none")),
        Fact("Redirect URI", found.get("redirect_uri", "none")),
        Fact("Scopes", found.get("scope", "none")),
        Fact("PKCE", found.get("code_challenge_method", "none")),
    ]
    differs = [
        name
        for name, told, wanted in (
            ("client_id", found.get("client_id"), settings.client_id),
            ("redirect_uri", found.get("redirect_uri"), redirect),
        )
        if told != wanted
    ]
    if set(found.get("scope", "").split()) != set(settings.asked_scopes):
        differs.append("scope")
    endpoint = text(document, "authorization_endpoint") if document is not None else ""
    if endpoint and not url.startswith(endpoint):
        differs.append("endpoint")
    if not differs:
        return Check(Stage.PVE, "ok", "the same", facts=tuple(facts))
    facts.append(Fact("Differs", ", ".join(differs)))
    return Check(
        Stage.PVE, "LOOK", "another URL", causes=(Cause.PVE_OTHER_URL,), facts=tuple(facts)
    )
