"""What the `ca` command answers with --json: see docs/trust.md. The keys are stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.trust.check import TrustCheck, WayCheck
from pve_auth_tui.core.trust.model import Offer
from pve_auth_tui.core.trust.store import LocalStore, Stored, findings_of, ghost_finding, word_of


def certificate_json(one: Certificate) -> dict[str, Any]:
    """`begins`, `ends`: seconds since 1970."""
    return {
        "sha256": one.sha256,
        "subject": one.subject,
        "issuer": one.issuer,
        "names": list(one.names),
        "addresses": list(one.addresses),
        "begins": int(one.begins),
        "ends": int(one.ends),
        "ca": one.is_ca,
        "path_length": one.path_length,
        "root": one.self_signed,
        "key": one.key,
        "signature": one.signature,
        "problem": one.problem,
    }


def findings_json(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [{"state": one.word, "text": one.text, "fix": one.fix} for one in findings]


def store_json(store: LocalStore, now: float) -> dict[str, Any]:
    return {
        "problem": store.problem,
        "files": [_file(one, now) for one in store.files],
        "without_file": [
            {**certificate_json(one.certificate), "findings": findings_json((ghost_finding(one),))}
            for one in store.ghosts
        ],
    }


def _file(one: Stored, now: float) -> dict[str, Any]:
    return {
        "name": one.name,
        "path": one.path,
        "state": word_of(one, now),
        "form": one.contents.form.value,
        "in_bundle": bool(one.bundled),
        "in_hashed_folder": bool(one.hashed) if one.asked else None,
        "certificates": [certificate_json(each.certificate) for each in one.contents.authorities],
        "findings": findings_json(findings_of(one, now)),
    }


def offer_json(offer: Offer) -> dict[str, Any]:
    return {
        "source": offer.source,
        "form": offer.form.value,
        "certificates": [
            {
                **certificate_json(one.authority.certificate),
                "state": one.word,
                "trusted": one.trusted,
                "findings": findings_json(one.findings),
            }
            for one in offer.candidates
        ],
    }


def check_json(check: TrustCheck) -> dict[str, Any]:
    return {
        "target": check.target,
        "domain": check.domain,
        "servers": list(check.servers),
        "stopped": check.stopped,
        "checks": [_way(one) for one in check.checks],
        "untrusted_roots": [certificate_json(one.certificate) for one in check.roots],
    }


def _way(one: WayCheck) -> dict[str, Any]:
    return {
        "server": one.host,
        "way": one.way.value,
        "port": one.way.port,
        "state": one.word,
        "code": one.code,
        "reason": one.reason,
        "cause": one.cause.value if one.cause else None,
        "text": one.text,
        "means": one.means,
        "chain": [certificate_json(each.certificate) for each in one.chain],
        "seconds": None if one.seconds is None else round(one.seconds, 4),
        "original": one.original,
    }
