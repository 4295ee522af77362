"""What a form and a command tell of WebAuthn settings: what works where, what breaks, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.foreseen import foreseen
from pve_auth_tui.core.intents.settings import set_webauthn
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.publicsuffix import IsSuffix, is_known_suffix
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthnsettings import (
    Broken,
    Proposal,
    Reach,
    Settings,
    Unfit,
    broken_by,
    client_origin,
    key_names,
    propose,
    reach,
    require_usable,
    settings_findings,
    settings_of,
    urls_of,
)
from pve_auth_tui.core.words import listed

_BROWSER: Final = "Browser"
_NAMED: Final = 4  # addresses in one sentence
_TRUSTED: Final = "Browsers also want a certificate there that they trust."


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the nodes. `names`: node -> its full name; `others`: further names and
    addresses of them; `host`: name and port by which PVE is asked here.
    """

    names: Mapping[str, str]
    others: tuple[str, ...] = ()
    host: str = ""
    is_suffix: IsSuffix = is_known_suffix

    @property
    def urls(self) -> tuple[str, ...]:
        """The web interface under the full names."""
        return urls_of(self.names.values())


@dataclass(frozen=True, slots=True)
class Survey:
    """How WebAuthn is set up. `origin`: what a browser writes here, "" where it cannot work.

    `reach` and `others`: where browsers can use keys now, under full names and under the rest;
    `ends`: the keys that the proposal would end.
    """

    settings: Settings | None
    origin: str
    findings: tuple[Finding, ...]
    reach: tuple[Reach, ...]
    others: tuple[Reach, ...]
    proposal: Proposal
    ends: tuple[Broken, ...]

    @property
    def needs_a_look(self) -> bool:
        return any(finding.word in ("BAD", "LOOK") for finding in self.findings)


def survey(snapshot: Snapshot, known: Known) -> Survey:
    """Today's settings, and what is proposed instead."""
    settings = settings_of(snapshot)
    try:
        origin = client_origin(settings, known.host, is_suffix=known.is_suffix)
    except Unfit:
        origin = ""
    proposal = proposal_for(snapshot, known)
    there = settings or Settings("", "")
    return Survey(
        settings,
        origin,
        settings_findings(snapshot, known.host, known.names, is_suffix=known.is_suffix),
        reach(there, known.urls, is_suffix=known.is_suffix),
        reach(there, urls_of(known.others), is_suffix=known.is_suffix),
        proposal,
        broken_by(snapshot, proposal.settings) if proposal.settings else (),
    )


def proposal_for(snapshot: Snapshot, known: Known) -> Proposal:
    """What fits the nodes' names, with as much of today's settings as can stay."""
    here = snapshot.cluster.value.node if snapshot.cluster.value else ""
    now = settings_of(snapshot)
    return propose(known.names, here=here, now=now, is_suffix=known.is_suffix)


def remarks_on(settings: Settings, snapshot: Snapshot, known: Known, now: float) -> Sequence[Line]:
    """Below a form: what these settings do, while they are typed. `now` in seconds since 1970."""
    try:
        require_usable(settings, is_suffix=known.is_suffix)
    except Unfit as unfit:
        return (Line(f"{unfit} {unfit.hint}", word="BAD"), _why(snapshot, known))
    if settings == settings_of(snapshot):
        changes: Sequence[Line] = (Line("These are today's settings: nothing is changed yet."),)
    else:
        changes = foreseen(set_webauthn(settings, is_suffix=known.is_suffix), snapshot, now)
    return (*changes, *_keys(snapshot, settings), *_reached(settings, known), _why(snapshot, known))


def _keys(snapshot: Snapshot, settings: Settings) -> Iterator[Line]:
    if broken := broken_by(snapshot, settings):
        yield Line(key_names(broken), "Lost keys", "BAD")


def _reached(settings: Settings, known: Known) -> Iterator[Line]:
    """Addresses for which the same holds share a line."""
    found = reach(settings, known.urls, is_suffix=known.is_suffix)
    groups: dict[tuple[bool, str], list[str]] = {}
    for one in found:
        groups.setdefault((one.ok, one.why), []).append(one.url)
    for number, ((ok, why), urls) in enumerate(groups.items()):
        heading = "" if number else _BROWSER
        yield Line(f"{listed(urls, _NAMED)}: {why}", heading, "ok" if ok else "LOOK")
    others = reach(settings, urls_of(known.others), is_suffix=known.is_suffix)
    if also := [one.url for one in others if one.ok]:
        yield Line(f"also {listed(also, _NAMED)}")
    if missed := [one.url for one in others if not one.ok]:
        yield Line(f"not at {listed(missed)}")
    if any(one.ok for one in found):
        yield Line(_TRUSTED)


def _why(snapshot: Snapshot, known: Known) -> Line:
    return Line(proposal_for(snapshot, known).why, "Proposal")
