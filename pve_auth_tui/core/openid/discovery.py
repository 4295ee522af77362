"""What a provider says of itself, judged as PVE would take it. Pure, and never surprised.

Sources: OpenID Connect Discovery 1.0, sections 3 and 4; openidconnect-rs (`ProviderMetadata`),
which proxmox-openid 1.0.3 uses: it wants the fields of `_REQUIRED`, compares issuers as text and
follows no redirect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.hostnames import host_name, is_address
from pve_auth_tui.core.openid.boundedjson import BadJson, read_json
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.ports import WebAnswer
from pve_auth_tui.core.openid.report import Check, Fact, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.words import listed

Document = Mapping[str, Any]

WELL_KNOWN: Final = ".well-known/openid-configuration"
_LONGEST_ISSUER: Final = 256  # characters, PVE's limit of issuer-url
_REQUIRED: Final = (
    "authorization_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
)
_LISTS: Final = _REQUIRED[2:]
_MOST: Final = 64  # values of a list that are looked at
_LONGEST: Final = 256  # characters of one of them
_CLOCK_LOOK, _CLOCK_BAD = 30.0, 120.0  # seconds; tokens live for minutes
_INSIDE: Final = (".local", ".internal", ".lan", ".localdomain", ".svc", ".home.arpa")


def split_url(url: str) -> SplitResult | None:
    """A URL in parts, None for what is none (`urlsplit` raises for a bad port or address)."""
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts


def host_of(url: str) -> str:
    """The host, in small letters; "" where there is none."""
    parts = split_url(url)
    return (parts.hostname or "") if parts else ""


def texts(document: Document, name: str) -> tuple[str, ...] | None:
    """A list of texts, bounded; None where the document has none by that name."""
    value = document.get(name)
    if not isinstance(value, list):
        return None
    return tuple(one[:_LONGEST] for one in value[:_MOST] if isinstance(one, str))


def text(document: Document, name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


# --- before anything is asked ------------------------------------------------------------


def document_url(issuer: str) -> str:
    """Where the document of an issuer is: a slash at its end is not doubled.

    Raises OpenIdTrouble for what can be no issuer: nobody is asked then.
    """
    if not issuer:
        raise OpenIdTrouble(Cause.NO_ISSUER, "There is no Issuer URL.")
    if len(issuer) > _LONGEST_ISSUER:
        raise OpenIdTrouble(
            Cause.ISSUER_TOO_LONG, f"PVE takes at most {_LONGEST_ISSUER} characters of an issuer."
        )
    if issuer.rstrip("/").endswith(f"/{WELL_KNOWN}"):
        raise OpenIdTrouble(
            Cause.ISSUER_IS_DOCUMENT,
            "That is the address of the discovery document, not the issuer.",
            "Leave out what begins with /.well-known.",
        )
    parts = split_url(issuer)
    if (
        parts is None
        or not issuer.isascii()
        or not issuer.isprintable()
        or " " in issuer
        or parts.scheme not in ("https", "http")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username is not None
        or any(sign in issuer for sign in "?#")
    ):
        raise OpenIdTrouble(
            Cause.ISSUER_MALFORMED,
            "That is no issuer: it is https://, a name, and perhaps a path, and nothing else.",
        )
    return f"{issuer}{'' if issuer.endswith('/') else '/'}{WELL_KNOWN}"


# --- the document --------------------------------------------------------------------------


def read_document(answer: WebAnswer) -> Document:
    """What came, as a document. Raises OpenIdTrouble (REDIRECTED, NOT_FOUND, STATUS, NOT_JSON)."""
    seen = {"Answer": f"HTTP {answer.status}", "URL": answer.url}
    if 300 <= answer.status < 400:
        to = answer.headers.get("location", "")
        raise OpenIdTrouble(
            Cause.REDIRECTED,
            "The document lies elsewhere. PVE does not follow there.",
            facts={**seen, "Location": to},
        )
    if answer.status in (404, 410):
        raise OpenIdTrouble(Cause.NOT_FOUND, "There is no discovery document.", facts=seen)
    if answer.status != 200:
        raise OpenIdTrouble(Cause.STATUS, f"The provider answers HTTP {answer.status}.", facts=seen)
    try:
        found = read_json(answer.body)
    except BadJson as error:
        raise OpenIdTrouble(
            Cause.NOT_JSON, f"What came is no document: {error}.", facts={**seen, **_kind(answer)}
        ) from None
    if not isinstance(found, dict):
        raise OpenIdTrouble(
            Cause.NOT_JSON, "What came is no document: it is no object.", facts=seen
        )
    return found


def _kind(answer: WebAnswer) -> dict[str, str]:
    kind = answer.headers.get("content-type", "")
    return {"Content-Type": kind} if kind else {}


def judge_document(document: Document, answer: WebAnswer) -> Check:
    """Is everything in it that PVE cannot do without, in the form that it takes?"""
    missing = [name for name in ("issuer", *_REQUIRED) if not _is_there(document, name)]
    facts = [Fact("URL", answer.url)]
    if missing:
        facts.append(Fact("Missing", ", ".join(missing)))
        said = f"{missing[0]} is missing" if len(missing) == 1 else f"{len(missing)} fields missing"
        return Check(
            Stage.DISCOVERY, "BAD", said, causes=(Cause.FIELD_MISSING,), facts=tuple(facts)
        )
    kind = answer.headers.get("content-type", "application/json")
    if kind.partition(";")[0].strip().lower() != "application/json":
        facts.append(Fact("Content-Type", kind))
        return Check(
            Stage.DISCOVERY, "BAD", "not sent as JSON",
            causes=(Cause.CONTENT_TYPE,), facts=tuple(facts),
        )  # fmt: skip
    return Check(Stage.DISCOVERY, "ok", "HTTP 200", facts=tuple(facts))


def _is_there(document: Document, name: str) -> bool:
    return texts(document, name) is not None if name in _LISTS else bool(text(document, name))


# --- the issuer ----------------------------------------------------------------------------


def judge_issuer(settings: OpenIdSettings, document: Document) -> Check:
    """Compared as text, as PVE does: a slash at the end is a difference."""
    wanted, told = settings.issuer, text(document, "issuer")
    facts = (Fact("The realm asks for", wanted), Fact("The provider says", told))
    if told == wanted:
        return Check(Stage.ISSUER, "ok", "the same text", facts=facts[:1])
    cause, said = _difference(wanted, told)
    return Check(Stage.ISSUER, "BAD", said, causes=(cause,), facts=facts)


def _difference(wanted: str, told: str) -> tuple[Cause, str]:
    if not told:
        return Cause.ISSUER_OTHER, "it names none"
    if told == f"{wanted}/":
        return Cause.SLASH_MISSING, "slash missing"
    if f"{told}/" == wanted:
        return Cause.SLASH_TOO_MUCH, "slash too much"
    if "{tenantid}" in told or "{tenant" in told:
        return Cause.ISSUER_TENANT, "of many tenants"
    host = host_of(told)
    if host != host_of(wanted) and _is_inside(host):
        return Cause.ISSUER_INTERNAL, "an internal name"
    if told.startswith("http:") and wanted.startswith("https:"):
        return Cause.ISSUER_HTTP, "http, not https"
    return Cause.ISSUER_OTHER, "another issuer"


def _is_inside(host: str) -> bool:
    """A name or an address that only the provider's own network can have."""
    return is_inside_name(host) or is_address(host) or not host_name(host)


def is_inside_name(name: str) -> bool:
    """Has it an ending that only one's own network gives to names, or none at all?"""
    return "." not in name or name.endswith(_INSIDE)


# --- clock -----------------------------------------------------------------------------------


def judge_clock(date: float | None, at: float) -> Check:
    """The provider's Date header (RFC 9110, 6.6.1; steps of 1 s) beside this node's clock.

    Both in seconds since 1970; None where there was no such header.
    """
    if date is None:
        return Check(Stage.CLOCK, "-", "it tells no time")
    off = date - at
    size = abs(off)
    if size < _CLOCK_LOOK:
        return Check(Stage.CLOCK, "ok", f"{off:+.0f} s")
    word: Word = "LOOK" if size < _CLOCK_BAD else "BAD"
    return Check(
        Stage.CLOCK, word, f"{off:+.0f} s", causes=(Cause.CLOCK,),
        facts=(Fact("The provider's clock", "ahead" if off > 0 else "behind"),),
    )  # fmt: skip


# --- endpoints -------------------------------------------------------------------------------


def judge_endpoints(settings: OpenIdSettings, document: Document) -> Check:
    """The addresses that a login uses: there, https, and at whose host."""
    wanted = ["authorization_endpoint", "token_endpoint", "jwks_uri"]
    if settings.query_userinfo:
        wanted.append("userinfo_endpoint")
    causes: list[Cause] = []
    facts: list[Fact] = []
    home = host_of(settings.issuer)
    for name in wanted:
        url = text(document, name)
        parts = split_url(url) if url else None
        if not url or parts is None or not parts.hostname:
            causes.append(
                Cause.NO_USERINFO if name == "userinfo_endpoint" else Cause.ENDPOINT_MISSING
            )
            facts.append(Fact(name, url or "missing"))
        elif parts.scheme != "https" and not settings.issuer.startswith("http:"):
            causes.append(Cause.ENDPOINT_NOT_HTTPS)
            facts.append(Fact(name, url))
        elif parts.hostname != home:
            causes.append(Cause.ENDPOINT_ELSEWHERE)
            facts.append(Fact(name, url))
    kinds, grants = texts(document, "response_types_supported"), texts(document, _GRANTS)
    if (kinds is not None and "code" not in kinds) or (
        grants is not None and "authorization_code" not in grants
    ):
        causes.insert(0, Cause.NO_CODE_FLOW)
    return Check(Stage.ENDPOINTS, *_told_of(causes, len(wanted)), tuple(facts))


_GRANTS: Final = "grant_types_supported"
_ENDPOINTS: Final = {
    Cause.NO_CODE_FLOW: "no code flow",
    Cause.ENDPOINT_MISSING: "one is missing",
    Cause.ENDPOINT_NOT_HTTPS: "one is not https",
    Cause.NO_USERINFO: "no userinfo",
}


def _told_of(causes: list[Cause], number: int) -> tuple[Word, str, None, tuple[Cause, ...]]:
    different = tuple(dict.fromkeys(causes))
    worst = next((one for one in _ENDPOINTS if one in different), None)
    if worst is not None:
        ranked = (worst, *(one for one in different if one is not worst))
        return "BAD", _ENDPOINTS[worst], None, ranked
    if different:  # Google, Entra and others spread them over their own hosts: nothing is wrong
        return "ok", f"{number}, some at another host", None, different
    return "ok", f"{number}, all at the issuer's host", None, ()


# --- scopes and claims -----------------------------------------------------------------------


def judge_claims(settings: OpenIdSettings, document: Document, *, saved: bool = True) -> Check:
    """Scopes and claims that the realm wants beside those announced: never more than a LOOK, for
    providers leave some out (measured: claims_supported is seldom complete).
    """
    causes: list[Cause] = []
    facts: list[Fact] = []
    scopes, claims = texts(document, "scopes_supported"), texts(document, "claims_supported")
    missing = [one for one in settings.asked_scopes if scopes is not None and one not in scopes]
    if missing:
        causes.append(Cause.SCOPES_NOT_ANNOUNCED)
        facts.append(Fact("Scopes not announced", " ".join(missing)))
    names = settings.name_claims
    if claims is not None and not any(one in claims for one in names):
        causes.append(Cause.CLAIM_NOT_ANNOUNCED)
    if "sub" in names and (
        not saved or (texts(document, "subject_types_supported") or ()) == ("pairwise",)
    ):
        causes.append(Cause.CLAIM_OPAQUE)
    if settings.groups_claim and claims is not None and settings.groups_claim not in claims:
        causes.append(Cause.GROUPS_NOT_ANNOUNCED)
    facts.append(Fact("Name of a user", " or ".join(names)))
    if settings.groups_claim:
        facts.append(Fact("Groups", settings.groups_claim))
    if claims is not None:
        facts.append(Fact("Claims announced", listed(claims, 12)))
    if not causes:
        said = "not announced by it" if scopes is None and claims is None else "announced"
        return Check(Stage.CLAIMS, "ok", said, facts=tuple(facts))
    said = {
        Cause.SCOPES_NOT_ANNOUNCED: "a scope is not announced",
        Cause.CLAIM_NOT_ANNOUNCED: f"{names[-1]} is not announced",
        Cause.CLAIM_OPAQUE: "sub says nothing to people",
        Cause.GROUPS_NOT_ANNOUNCED: f"{settings.groups_claim} is not announced",
    }[causes[0]]
    return Check(Stage.CLAIMS, "LOOK", said, causes=tuple(causes), facts=tuple(facts))


# --- PKCE and how a client proves itself -----------------------------------------------------


def judge_pkce(document: Document) -> Check:
    """PVE always sends a challenge, S256 (RFC 7636); who announces no methods mostly ignores it."""
    methods = texts(document, "code_challenge_methods_supported")
    if methods is None:
        return Check(Stage.PKCE, "ok", "S256 is sent", facts=(Fact("Announced", "nothing"),))
    facts = (Fact("Announced", ", ".join(methods) or "nothing"),)
    if methods and "S256" not in methods:
        return Check(
            Stage.PKCE, "BAD", "S256 is not taken", causes=(Cause.PKCE_NOT_S256,), facts=facts
        )
    return Check(Stage.PKCE, "ok", "S256", facts=facts)


def takes_basic(document: Document) -> bool:
    """Does it say that a client may send its secret as PVE does: HTTP's own login? The default is
    yes (OpenID Connect Discovery 1.0, section 3).
    """
    methods = texts(document, "token_endpoint_auth_methods_supported")
    return methods is None or "client_secret_basic" in methods
