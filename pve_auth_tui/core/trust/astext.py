"""What the `ca` command prints for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.realmtest.astext import headed, wrapped
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.trust.check import TrustCheck
from pve_auth_tui.core.trust.model import Offer
from pve_auth_tui.core.trust.naming import called
from pve_auth_tui.core.trust.store import LocalStore, findings_of, ghost_finding, word_of
from pve_auth_tui.core.trust.words import (
    all_ways,
    check_summary,
    facts_of,
    offer_words,
    store_summary,
    stored_facts,
    stored_words,
    way_facts,
    way_words,
)

_WORD: Final = 6


def store_text(store: LocalStore, now: float, width: int | None) -> str:
    """Each file with its findings and facts."""
    return _joined(_store(store, now, width))


def offer_text(offer: Offer, now: float, width: int | None) -> str:
    """Every certificate of an input."""
    return _joined(_offer(offer, now, width))


def check_text(check: TrustCheck, now: float, width: int | None) -> str:
    """A line for each way, then what is not well, then the summary."""
    return _joined(_check(check, now, width))


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _store(store: LocalStore, now: float, width: int | None) -> Iterator[str]:
    for one in store.files:
        title = f"{word_of(one, now):<{_WORD}}{plain(one.name)}: {plain(stored_words(one))}"
        yield from wrapped(title, width)
        yield from _findings(findings_of(one, now), width)
        yield from _facts(stored_facts(one, now), width)
        yield ""
    for ghost in store.ghosts:
        yield from _findings((ghost_finding(ghost),), width)
        yield ""
    yield from wrapped(plain(store_summary(store)), width)


def _offer(offer: Offer, now: float, width: int | None) -> Iterator[str]:
    yield from wrapped(plain(offer_words(offer)), width)
    for one in offer.candidates:
        certificate = one.authority.certificate
        state = ", trusted already" if one.trusted else ""
        yield ""
        yield from wrapped(plain(f"{one.word:<{_WORD}}{called(certificate)}{state}"), width)
        yield from _findings(one.findings, width)
        yield from _facts(facts_of(certificate, now), width)
    yield ""


def _check(check: TrustCheck, now: float, width: int | None) -> Iterator[str]:
    hosts = max((cells(plain(host)) for host in check.servers), default=0)
    room = hosts if width is None else min(hosts, max(8, width // 3))
    for host, way in all_ways(check):
        one = check.at(host, way)
        line = (
            f"{one.word:<{_WORD}}{fit(plain(host), room)}  {way.title:<9} {plain(way_words(one))}"
        )
        yield line if width is None or cells(line) <= width else fit(line, width)
    for one in check.checks:
        if one.word != "ok":
            yield ""
            yield from wrapped(plain(f"{one.word:<{_WORD}}{one.host} {one.way.title}"), width)
            yield from _facts(way_facts(one, now), width)
    yield ""
    yield from wrapped(plain(check_summary(check)), width)
    for root in check.roots:
        host = next(one.host for one in check.checks if one.root == root)
        line = f"pve-auth-tui ca import --server {host} --sha256 {root.sha256}"
        yield from wrapped(
            "Once its SHA-256 was compared with what whoever runs the CA says:", width
        )
        yield plain(line)


def _findings(findings: Iterable[Finding], width: int | None) -> Iterator[str]:
    for one in findings:
        yield from headed(f"  {one.word}", f"{one.text} {one.fix}".strip(), width)


def _facts(facts: Iterable[Fact], width: int | None) -> Iterator[str]:
    for one in facts:
        yield from headed(f"  {one.heading}", one.text, width)
