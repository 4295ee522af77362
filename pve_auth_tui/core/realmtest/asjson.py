"""A realm's test as a JSON value: see docs/command-line.md. No secret is in a test."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core.realmtest.advice import advice
from pve_auth_tui.core.realmtest.report import Check, RealmTest


def as_json(test: RealmTest) -> dict[str, Any]:
    """All checks with their causes by name, their facts and what to do."""
    settings = test.settings
    return {
        "realm": settings.realm,
        "type": settings.kind,
        "saved": test.saved,
        "servers": list(settings.servers),
        "seconds": round(test.seconds, 3),
        "stopped": test.stopped,
        "checks": [check_json(check, test) for check in test.checks],
    }


def check_json(check: Check, test: RealmTest) -> dict[str, Any]:
    """One of them."""
    told = advice(check, test)
    return {
        "stage": check.stage.value,
        "server": check.server,
        "state": check.word,
        "text": check.text,
        "seconds": None if check.seconds is None else round(check.seconds, 4),
        "causes": [cause.value for cause in check.causes],
        "facts": [{"heading": fact.heading, "text": fact.text} for fact in check.facts],
        "original": check.original,
        "what": told.what,
        "now": told.now,
        "fixes": [{"text": fix.text, "options": dict(fix.options)} for fix in told.fixes],
    }
