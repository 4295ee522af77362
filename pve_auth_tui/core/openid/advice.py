"""What each cause means and what can be done about it, with the change of the realm that would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pve_auth_tui.core.openid.advicetexts import TEXTS
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.discovery import WELL_KNOWN, host_of
from pve_auth_tui.core.openid.report import Advice, Check, Fix, OpenIdTest
from pve_auth_tui.core.openid.settings import ALWAYS

_More = Callable[[Check, OpenIdTest], tuple[Fix, ...]]


def advice_for(cause: Cause, check: Check, test: OpenIdTest) -> Advice:
    """In whole sentences; names in it are untrusted. Fixes that change the realm come first."""
    what, now, *fixes = TEXTS[cause]
    values = _values(check, test)
    more = _FIXES[cause](check, test) if cause in _FIXES else ()
    told = tuple(Fix(_filled(text, values)) for text in fixes)
    return Advice(_filled(what, values), _filled(now, values), (*more, *told))


def _values(check: Check, test: OpenIdTest) -> Mapping[str, str]:
    settings = test.settings
    return {
        "host": host_of(settings.issuer) or settings.issuer,
        "issuer": settings.issuer,
        "told": check.fact("The provider says"),
        "client": settings.client_id,
        "redirect": test.redirect,
        "claim": settings.name_claims[-1],
        "groups": settings.groups_claim,
        "scopes": check.fact("Scopes not announced"),
        "missing": check.fact("Missing"),
        "location": check.fact("Location"),
        "status": check.fact("Answer"),
        "clock": check.fact("The provider's clock"),
        "algorithms": check.fact("Algorithms announced"),
        "differs": check.fact("Differs"),
        "pve": check.fact("PVE says"),
        "ends": check.fact("Ends in"),
        "token": check.fact("Token endpoint"),
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Names in braces; what they stand for is never looked at again."""
    parts = text.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        out.append(f"{values[name]}{rest}")
    return "".join(out)


def _take_issuer(check: Check, test: OpenIdTest) -> tuple[Fix, ...]:
    told = check.fact("The provider says")
    return (Fix(f"set Issuer URL to {told}", {"issuer-url": told}),) if told else ()


def _without_document(check: Check, test: OpenIdTest) -> tuple[Fix, ...]:
    issuer = test.settings.issuer.rstrip("/").removesuffix(WELL_KNOWN)
    bare = issuer.removesuffix("/")
    return (
        Fix(f"set Issuer URL to {bare}", {"issuer-url": bare}),
        Fix(f"for authentik: {issuer}, with the slash", {"issuer-url": issuer}),
    )


def _https(check: Check, test: OpenIdTest) -> tuple[Fix, ...]:
    if not test.settings.issuer.startswith("http:"):
        return ()
    url = f"https:{test.settings.issuer.removeprefix('http:')}"
    return (Fix(f"set Issuer URL to {url}, if the provider serves it", {"issuer-url": url}),)


def _fewer_scopes(check: Check, test: OpenIdTest) -> tuple[Fix, ...]:
    missing = check.fact("Scopes not announced").split()
    kept = " ".join(one for one in test.settings.scopes if one not in missing)
    if not missing or missing == [ALWAYS] or not kept:
        return ()
    return (Fix(f"ask for the scopes {kept} only", {"scopes": kept}),)


def _no_userinfo(check: Check, test: OpenIdTest) -> tuple[Fix, ...]:
    return (Fix("do not query userinfo: query-userinfo 0", {"query-userinfo": "0"}),)


_FIXES: Final[Mapping[Cause, _More]] = {
    Cause.SLASH_MISSING: _take_issuer,
    Cause.SLASH_TOO_MUCH: _take_issuer,
    Cause.ISSUER_OTHER: _take_issuer,
    Cause.ISSUER_IS_DOCUMENT: _without_document,
    Cause.NOT_HTTPS: _https,
    Cause.SCOPES_NOT_ANNOUNCED: _fewer_scopes,
    Cause.SCOPE_REFUSED: _fewer_scopes,
    Cause.NO_USERINFO: _no_userinfo,
}
