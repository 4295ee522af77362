"""What a probe found, in words: titles, what is wrong and what to do, a report, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pve_auth_tui.core.openid.advice import advice_for
from pve_auth_tui.core.openid.report import Advice, Check, OpenIdTest, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.words import count_words, date_time

_ROOM: Final = 26

NOTHING_CHANGED: Final = "Nothing changed."


def stage_title(stage: Stage, settings: OpenIdSettings) -> str:
    """As it stands in the list."""
    http = settings.issuer.startswith("http:")
    return {
        Stage.ADDRESS: "Address",
        Stage.PORT: "Port",
        Stage.TLS: "TLS (the issuer has none)" if http else "TLS and certificate",
        Stage.DISCOVERY: "Discovery document",
        Stage.ISSUER: "Issuer, as text",
        Stage.CLOCK: "Clock",
        Stage.ENDPOINTS: "Endpoints",
        Stage.KEYS: "Signing keys",
        Stage.CLAIMS: "Scopes and claims",
        Stage.AUTHORIZE: "Client ID, redirect URI",
        Stage.PKCE: "PKCE",
        Stage.SECRET: "Client secret",
        Stage.PVE: "As PVE itself sees it",
    }[stage]


def advice(check: Check, test: OpenIdTest) -> Advice:
    """Of the worst cause; for a check without any what was seen."""
    if not check.causes:
        return Advice(f"{stage_title(check.stage, test.settings)}: {check.text or check.word}.")
    return advice_for(check.causes[0], check, test)


def summary(test: OpenIdTest) -> str:
    """`13 checks: 9 ok, 1 to look at, 1 bad, 2 not decided. 0.7 s. Nothing changed.`"""
    words = [test.at(stage).word for stage in Stage]
    parts = [
        f"{words.count('ok')} ok",
        *([f"{number} to look at"] if (number := words.count("LOOK")) else []),
        *([f"{number} bad"] if (number := words.count("BAD")) else []),
        *([f"{number} not decided"] if (number := words.count("-")) else []),
    ]
    ended = " Cancelled." if test.stopped else ""
    total = count_words(len(words), "check", "checks")
    return f"{total}: {', '.join(parts)}. {test.seconds:.1f} s.{ended} {NOTHING_CHANGED}"


def worst(test: OpenIdTest) -> str:
    """`BAD`, `LOOK` or `ok`."""
    words = {check.word for check in test.checks}
    return next((word for word in ("BAD", "LOOK") if word in words), "ok")


def took(check: Check) -> str:
    """`3 ms`, `0.6 s`; "" where nothing was timed."""
    if check.seconds is None:
        return ""
    if check.seconds < 0.1:
        return f"{check.seconds * 1000:.0f} ms"
    return f"{check.seconds:.1f} s"


def check_lines(test: OpenIdTest) -> Iterator[str]:
    """Raw lines: a line a stage, and below what is wrong with it and what to do."""
    for number, stage in enumerate(Stage, 1):
        check = test.at(stage)
        title = stage_title(stage, test.settings)
        yield f"{number:>2} {title:<{_ROOM}}{check.word:<6}{check.text:<28}{took(check)}".rstrip()
        for cause in check.causes if check.word in ("LOOK", "BAD", "-") else ():
            found = advice_for(cause, check, test)
            yield f"   {found.what} ({cause.value})"
            if found.now:
                yield f"   {found.now}"
            for at, fix in enumerate(found.fixes, 1):
                yield f"   Fix {at}: {fix.text}"


def report_text(test: OpenIdTest, now: float) -> str:
    """A whole report for a file; every line is printable. `now` in seconds since 1970."""
    settings = test.settings
    lines = [
        f"OpenID realm {settings.realm or '(not named yet)'}, {date_time(now)}"
        + ("" if test.saved else ", not saved yet"),
        f"Issuer        {settings.issuer}",
        f"Client ID     {settings.client_id}",
        f"Redirect URI  {test.redirect}",
        "",
        *check_lines(test),
        "",
        *(
            f"{stage_title(check.stage, settings)}: {fact.heading}: {fact.text}"
            for check in test.checks
            for fact in check.facts
        ),
        "",
        summary(test),
    ]
    return "".join(f"{plain(line)}\n" for line in lines)


def as_json(test: OpenIdTest) -> dict[str, Any]:
    """The same as a value; names of causes stay as they are from version to version."""
    return {
        "realm": test.settings.realm,
        "issuer": test.settings.issuer,
        "client_id": test.settings.client_id,
        "redirect_url": test.redirect,
        "saved": test.saved,
        "stopped": test.stopped,
        "seconds": round(test.seconds, 3),
        "worst": worst(test),
        "checks": [_check_json(test.at(stage), test) for stage in Stage],
    }


def _check_json(check: Check, test: OpenIdTest) -> dict[str, Any]:
    found = advice(check, test) if check.causes else Advice("")
    return {
        "stage": check.stage.value,
        "word": check.word,
        "text": check.text,
        "seconds": None if check.seconds is None else round(check.seconds, 4),
        "causes": [cause.value for cause in check.causes],
        "facts": {fact.heading: fact.text for fact in check.facts},
        "what": found.what,
        "now": found.now,
        "fixes": [{"text": fix.text, "options": dict(fix.options)} for fix in found.fixes],
    }
