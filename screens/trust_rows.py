"""Rows and details of the CAs: a store, an input, a check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.trust.check import TrustCheck, Way, WayCheck
from pve_auth_tui.core.trust.model import Candidate, Offer
from pve_auth_tui.core.trust.naming import called
from pve_auth_tui.core.trust.store import LocalStore, Stored, findings_of, ghost_finding, word_of
from pve_auth_tui.core.trust.words import (
    all_ways,
    ca_words,
    ends_words,
    facts_of,
    stored_facts,
    stored_words,
    way_facts,
    way_words,
)
from pve_auth_tui.core.words import date

STORE: Final = (
    Column("State", 5),
    Column("File", 30, grow=True),
    Column("Holds", 22, grow=True),
    Column("Ends", 10),
)
OFFER: Final = (
    Column("State", 5),
    Column("Certificate", 26, grow=True),
    Column("CA", 21),
    Column("Ends", 10),
)
CHECK: Final = (
    Column("State", 5),
    Column("Server", 26, grow=True),
    Column("By", 8),
    Column("Verify code", 28, grow=True),
)
GHOST: Final = "gone:"
"""What the key of a certificate begins with whose file is gone."""


def store_rows(store: LocalStore, now: float) -> list[Row]:
    """By name, then what has no file any more."""
    rows = [
        Row(one.name, (word_of(one, now), one.name, stored_words(one), ends_words(one)))
        for one in store.files
    ]
    rows += [
        Row(GHOST + one.sha256, ("BAD", "(its file is gone)", called(one.certificate), ""))
        for one in store.ghosts
    ]
    return rows


def stored_lines(stored: Stored, now: float) -> list[Line]:
    """What is wrong with a file, then what it is."""
    return [*_findings(findings_of(stored, now)), *_facts(stored_facts(stored, now))]


def ghost_lines(store: LocalStore, key: str, now: float) -> list[Line]:
    """Of a certificate whose file is gone."""
    for one in store.ghosts:
        if key == GHOST + one.sha256:
            return [*_findings((ghost_finding(one),)), *_facts(facts_of(one.certificate, now))]
    return []


def offer_rows(offer: Offer) -> list[Row]:
    """Certificates by their SHA-256."""
    return [
        Row(
            one.authority.sha256,
            (
                one.word,
                called(one.authority.certificate),
                ca_words(one.authority.certificate),
                date(one.authority.certificate.ends),
            ),
        )
        for one in offer.candidates
    ]


def candidate_lines(one: Candidate, now: float) -> list[Line]:
    """What speaks against it, then what somebody compares."""
    trusted = [Line("This node trusts it already.", "Trusted")] if one.trusted else []
    facts = facts_of(one.authority.certificate, now)
    return [*_findings(one.findings), *trusted, *_facts(facts)]


def check_rows(check: TrustCheck, *, busy: bool) -> list[Row]:
    """Every way at every server; what has not been reached yet waits."""
    rows = []
    for host, way in all_ways(check):
        one = check.at(host, way)
        text = "..." if busy and one.word == "-" else way_words(one)
        rows.append(Row(row_key(host, way), (one.word, host, way.title, text)))
    return rows


def row_key(host: str, way: Way) -> str:
    return f"{host} {way.value}"


def way_lines(check: WayCheck, now: float) -> list[Line]:
    """What it means, then the chain."""
    return _facts(way_facts(check, now))


def _findings(findings: Iterable[Finding]) -> list[Line]:
    lines = []
    for one in findings:
        lines.append(Line(one.text, "", one.word))
        if one.fix:
            lines.append(Line(one.fix))
    return lines


def _facts(facts: Sequence[Fact]) -> list[Line]:
    return [Line(one.text, one.heading) for one in facts]
