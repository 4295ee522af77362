"""What a provider makes of a client: of its ID, its redirect URI, its scopes and its secret.

Sources: RFC 6749, 4.1.2.1 and 5.2; RFC 7636, 4.4.1; OpenID Connect Core 1.0, 3.1.2.6. What pages
say is known from providers' documents and from an oidc-provider of the lab: a page is never taken
for a yes.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from pve_auth_tui.core.openid.boundedjson import BadJson, read_json
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.discovery import Document, host_of, split_url, takes_basic, text
from pve_auth_tui.core.openid.ports import WebAnswer
from pve_auth_tui.core.openid.report import Check, Fact, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings

_READ: Final = 200_000  # bytes of a page
_SHOWN: Final = 300
_MOST_FIELDS: Final = 64

# What pages say of a redirect URI or a client that they do not know, in the order of asking.
_PAGES: Final[tuple[tuple[Cause, str], ...]] = (
    (
        Cause.REDIRECT_REFUSED,
        r"AADSTS50011|redirect_uri_mismatch|redirect[ _-]?ur[il]\W{0,20}(?:mismatch|error|invalid)"
        r"|(?:invalid|mismatch\w{0,10}|unregistered|wrong)\W{1,3}(?:\w{1,40}\W{1,3}){0,3}"
        r"redirect[ _-]?ur[il]"
        r"|invalid_redirect_uri|redirect[ _-]?ur[il]\W{1,3}(?:\w{1,40}\W{1,3}){0,6}"
        r"(?:not match|did not match|not registered|not allowed|missing in the client|is missing)",
    ),
    (
        Cause.CLIENT_UNKNOWN,
        r"AADSTS700016|AADSTS900023|AADSTS90002|invalid_client|unknown client|deleted_client"
        r"|client (?:is |was |)(?:not found|invalid|unknown|disabled)"
        r"|(?:client[ _]?id\W{1,3}(?:\w{1,40}\W{1,3}){0,4}(?:invalid|missing|unknown|not found))"
        r"|client identifier",
    ),
    (Cause.CLIENT_NOT_ALLOWED, r"unauthorized_client|AADSTS700054|client is not allowed"),
    (Cause.SCOPE_REFUSED, r"invalid_scope|AADSTS70011"),
    (Cause.PKCE_REFUSED, r"code_challenge"),
)
_COMPILED: Final = tuple((cause, re.compile(find, re.IGNORECASE)) for cause, find in _PAGES)

_CODES: Final = {
    "invalid_scope": Cause.SCOPE_REFUSED,
    "unauthorized_client": Cause.CLIENT_NOT_ALLOWED,
    "invalid_client": Cause.CLIENT_UNKNOWN,
    "invalid_redirect_uri": Cause.REDIRECT_REFUSED,
    "redirect_uri_mismatch": Cause.REDIRECT_REFUSED,
}
_NEEDS_A_PERSON: Final = frozenset(
    {"login_required", "interaction_required", "consent_required", "account_selection_required"}
)
_SAID: Final = {
    Cause.REDIRECT_REFUSED: "redirect URI refused",
    Cause.CLIENT_UNKNOWN: "client ID unknown",
    Cause.CLIENT_NOT_ALLOWED: "not for this client",
    Cause.SCOPE_REFUSED: "a scope is refused",
    Cause.PKCE_REFUSED: "PKCE refused",
    Cause.AUTHORIZE_REFUSED: "refused",
    Cause.STATUS: "the provider fails",
}


# --- the authorization endpoint --------------------------------------------------------------


def authorize_url(
    settings: OpenIdSettings,
    document: Document,
    redirect: str,
    *,
    state: str,
    nonce: str,
    pkce: str,
) -> str:
    """What PVE would send a browser to; `pkce` is the challenge (S256). "" without an endpoint."""
    endpoint = text(document, "authorization_endpoint")
    if not endpoint:
        return ""
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "state": state,
        "code_challenge": pkce,
        "code_challenge_method": "S256",
        "redirect_uri": redirect,
        "scope": " ".join(settings.asked_scopes),
        "nonce": nonce,
    }
    if settings.prompt:
        query["prompt"] = settings.prompt
    if settings.acr_values:
        query["acr_values"] = " ".join(settings.acr_values)
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def fields_of(url: str) -> dict[str, str]:
    """The fields of a URL's query, the first of each; none for what is no URL."""
    parts = split_url(url)
    if parts is None:
        return {}
    try:
        found = parse_qs(parts.query, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def judge_authorize(answer: WebAnswer, redirect: str) -> Check:
    """Redirected to a login: both are taken. A page that is no refusal in words is told as "not
    refused": Entra and others answer 200 with an error on it.
    """
    facts = [Fact("Answer", f"HTTP {answer.status}"), Fact("Redirect URI", redirect)]
    if 300 <= answer.status < 400:
        return _redirected(answer.headers.get("location", ""), redirect, facts)
    page = answer.body[:_READ].decode("utf-8", "replace")
    cause = next((cause for cause, find in _COMPILED if find.search(page)), None)
    if answer.status == 200 and cause is None:
        return Check(
            Stage.AUTHORIZE, "-", "not refused", causes=(Cause.NOT_DECIDED,), facts=tuple(facts)
        )
    if cause is None:
        cause = Cause.STATUS if answer.status >= 500 else Cause.AUTHORIZE_REFUSED
    return _refused(cause, facts, _words_of(page) if answer.status != 200 else "")


def _redirected(location: str, redirect: str, facts: list[Fact]) -> Check:
    found = fields_of(location)
    code = found.get("error", "")
    comes_back = _is_back(location, redirect)
    if code and not (comes_back and code in _NEEDS_A_PERSON):
        told = found.get("error_description", "")
        facts.append(Fact("Error", f"{code}: {told}"[:_SHOWN] if told else code[:_SHOWN]))
        cause = _CODES.get(code, Cause.AUTHORIZE_REFUSED)
        if code == "invalid_request" and "code_challenge" in told:
            cause = Cause.PKCE_REFUSED
        return _refused(cause, facts, told)
    if not location:
        return _refused(Cause.AUTHORIZE_REFUSED, facts, "")
    facts.append(Fact("Goes on at", host_of(location) or "the provider"))
    return Check(Stage.AUTHORIZE, "ok", "goes on to the login", facts=tuple(facts))


def _is_back(location: str, redirect: str) -> bool:
    rest = location.removeprefix(redirect)
    return location.startswith(redirect) and (not rest or rest[0] in "?#/")


def _refused(cause: Cause, facts: list[Fact], original: str) -> Check:
    return Check(
        Stage.AUTHORIZE, "BAD", _SAID[cause],
        causes=(cause,), facts=tuple(facts), original=original[:_SHOWN],
    )  # fmt: skip


def _words_of(page: str) -> str:
    """What a short answer says; a whole page of HTML is left out."""
    short = " ".join(page.split())
    return "" if "<" in short[:200] or len(short) > 1000 else short[:_SHOWN]


# --- the token endpoint ----------------------------------------------------------------------


def token_form(redirect: str, code: str, verifier: str) -> dict[str, str]:
    """The exchange of a code that was made up, so it can only fail: the answer tells why."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": verifier,
    }


def judge_secret(answer: WebAnswer, document: Document, *, with_secret: bool) -> Check:
    """`invalid_grant`: the client was let in, and only its code was wrong (RFC 6749, 5.2)."""
    code, told = _error_of(answer)
    facts = [Fact("Answer", f"HTTP {answer.status}{f', {code}' if code else ''}"[:_SHOWN])]
    if told:
        facts.append(Fact("It says", told))
    kept = tuple(facts)
    if code == "invalid_grant":
        said = "accepted" if with_secret else "none needed"
        return Check(Stage.SECRET, "ok", said, facts=kept)
    if code == "unauthorized_client":
        cause, said = Cause.CLIENT_NOT_ALLOWED, "not for this client"
    elif code == "invalid_client" or answer.status == 401:
        cause, said = _wrong(document, with_secret=with_secret)
    else:
        return Check(
            Stage.SECRET, "LOOK", "not decided", causes=(Cause.SECRET_NOT_DECIDED,), facts=kept
        )
    return Check(Stage.SECRET, "BAD", said, causes=(cause,), facts=kept)


def _wrong(document: Document, *, with_secret: bool) -> tuple[Cause, str]:
    if not with_secret:
        return Cause.SECRET_MISSING, "a secret is wanted"
    if not takes_basic(document):
        return Cause.SECRET_METHOD, "not the way it is sent"
    return Cause.SECRET_WRONG, "refused"


def _error_of(answer: WebAnswer) -> tuple[str, str]:
    try:
        found: Any = read_json(answer.body)
    except BadJson:
        return "", ""
    if not isinstance(found, dict):
        return "", ""
    code, told = found.get("error"), found.get("error_description")
    return (
        code[:_SHOWN] if isinstance(code, str) else "",
        told[:_SHOWN] if isinstance(told, str) else "",
    )
