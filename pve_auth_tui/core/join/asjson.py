"""What was looked at of a domain as a JSON value: see docs/command-line.md. No secret is in it."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core.join.model import JoinCheck, JoinReport, Membership
from pve_auth_tui.core.join.words import advice_of


def report_json(report: JoinReport) -> dict[str, Any]:
    """All checks with their causes by name, their facts and what to do."""
    state = report.state
    return {
        "domain": report.domain,
        "node": state.fqdn or state.short,
        "worst": report.worst,
        "stopped": report.stopped,
        "seconds": round(report.seconds, 3),
        "controllers": list(report.controllers),
        "membership": membership_json(report.membership) if report.membership else None,
        "checks": [check_json(check, report.domain) for check in report.checks],
    }


def check_json(check: JoinCheck, domain: str) -> dict[str, Any]:
    """One of them."""
    told = advice_of(check, domain=domain)
    return {
        "topic": check.topic.value,
        "state": check.word,
        "text": check.text,
        "seconds": None if check.seconds is None else round(check.seconds, 4),
        "causes": [cause.value for cause in check.causes],
        "facts": [{"heading": fact.heading, "text": fact.text} for fact in check.facts],
        "original": check.original,
        "what": told.what,
        "now": told.now,
        "fixes": [{"text": fix.text, "kind": fix.kind or None} for fix in told.fixes],
    }


def membership_json(one: Membership) -> dict[str, Any]:
    """As realmd tells it."""
    return {
        "domain": one.domain,
        "realm": one.realm,
        "configured": one.configured or None,
        "server_software": one.server_software,
        "client_software": one.client_software,
        "packages": list(one.packages),
        "login_formats": list(one.login_formats),
        "policy": one.policy or None,
        "permitted_users": list(one.permitted_users),
        "permitted_groups": list(one.permitted_groups),
    }
