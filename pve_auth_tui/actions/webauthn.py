"""`webauthn [check|set]`: the settings that every security key is bound to. `check` says what they
do and what is proposed, `set` changes them as a plan.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pve_auth_tui.actions.plainjson import finding_json
from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.arguments import FINDINGS, OK, PROGRAM
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents.settings import set_webauthn, webauthn_line
from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthnremarks import Known, Survey, proposal_for, survey
from pve_auth_tui.core.webauthnsettings import Reach, Settings, key_names, settings_of
from pve_auth_tui.core.words import count_words, yes_no
from pve_auth_tui.output import headed, json_line, table, terminal_width
from pve_auth_tui.workshop import Workshop

_ROOM: Final = 18  # cells for a heading
_WORD: Final = 6
_COLUMNS: Final = (Column("Address", 34), Column("Keys", 4), Column("Why", 30, grow=True))


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code (4 when `check` finds something to look at) and what goes to stdout.

    Raises what planning and applying raise.
    """
    snapshot = workshop.outlooks.fresh().snapshot
    known = workshop.names.known(snapshot)
    if options.action == "set":
        wanted = _wanted(options, snapshot, known)
        intent = set_webauthn(wanted, known.urls, is_suffix=known.is_suffix)
        outcome = carry_out(intent, options, workshop)
        return outcome.code, outcome.text
    _require_no_values(options)
    if snapshot.datacenter.value is None:
        raise Refused(
            f"The datacenter's options could not be read. {snapshot.datacenter.problem}".strip(),
            snapshot.datacenter.hint,
        )
    found = survey(snapshot, known)
    code = FINDINGS if found.needs_a_look else OK
    if options.json:
        return code, json_line(_as_json(found, snapshot, known))
    return code, "".join(_as_text(found, snapshot))


def _require_no_values(options: argparse.Namespace) -> None:
    if options.proposed or any(value is not None for value in _given(options).values()):
        raise UsageError("Values are for set.", f"For example: {PROGRAM} webauthn set --proposed")


def _given(options: argparse.Namespace) -> dict[str, Any]:
    allow = options.allow_subdomains
    return {
        "id": options.id,
        "origin": options.origin,
        "rp": options.rp,
        "allow_subdomains": None if allow is None else allow == "1",
    }


def _wanted(options: argparse.Namespace, snapshot: Snapshot, known: Known) -> Settings:
    """What is given, over what is proposed or set. A new ID without a name is its own name."""
    given = {name: value for name, value in _given(options).items() if value is not None}
    if options.proposed:
        proposal = proposal_for(snapshot, known)
        if proposal.settings is None:
            raise Refused("There is nothing to propose.", proposal.why)
        return replace(proposal.settings, **given)
    if not given:
        raise UsageError(
            "Nothing was named to be set.", "Give --id, --origin, --rp, or --proposed for all."
        )
    found = replace(settings_of(snapshot) or Settings("", ""), **given)
    return found if found.rp else replace(found, rp=found.id)


# --- as text ---------------------------------------------------------------------------


def _as_text(found: Survey, snapshot: Snapshot) -> Iterator[str]:
    width = terminal_width(sys.stdout)
    for heading, text in _settings_lines(found):
        yield headed(heading, text, width, room=_ROOM)
    if found.findings:
        yield "\n"
    for finding in found.findings:
        yield headed(finding.word, f"{finding.text}.", width, room=_WORD)
        if finding.fix:
            yield headed("", finding.fix, width, room=_WORD)
    if found.settings and (found.reach or found.others):
        yield "\n"
        rows = ((one.url, yes_no(one.ok), one.why) for one in (*found.reach, *found.others))
        yield table(_COLUMNS, rows, width)
    yield "\n"
    yield headed("Proposal", found.proposal.why, width, room=_ROOM)
    for heading, text in _proposal_lines(found, snapshot):
        yield headed(heading, text, width, room=_ROOM)


def _settings_lines(found: Survey) -> Iterator[tuple[str, str]]:
    now = found.settings
    if now is None:
        yield "WebAuthn", "not set up"
        return
    yield "Name (rp)", now.rp or "none"
    yield "ID", now.id or "none"
    yield "Origin", now.origin or "none: the address in the browser counts"
    yield "Allow subdomains", yes_no(now.allow_subdomains)
    yield "A browser writes", found.origin or "nothing that works here"


def _proposal_lines(found: Survey, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    wanted = found.proposal.settings
    if wanted is None or wanted == found.settings:
        return
    yield "", webauthn_line(wanted, snapshot)
    if found.ends:
        keys = count_words(len(found.ends), "security key", "security keys")
        yield "Ends", f"{keys}: {key_names(found.ends)}"
    yield "Set it", f"{PROGRAM} webauthn set --proposed"
    yield "", _command(wanted, snapshot)


def _command(wanted: Settings, snapshot: Snapshot) -> str:
    line = webauthn_line(wanted, snapshot)
    return shown(ApiCall("PUT", ("cluster", "options"), {"webauthn": line}))


# --- as JSON ---------------------------------------------------------------------------


def _as_json(found: Survey, snapshot: Snapshot, known: Known) -> dict[str, Any]:
    wanted = found.proposal.settings
    changes = wanted is not None and wanted != found.settings
    return {
        "settings": _settings_json(found.settings),
        "origin": found.origin or None,
        "names": dict(known.names),
        "findings": [finding_json(finding) for finding in found.findings],
        "reach": [_reach_json(one) for one in (*found.reach, *found.others)],
        "proposal": {
            "settings": _settings_json(wanted),
            "why": found.proposal.why,
            "left": list(found.proposal.left),
            "changes": changes,
            "command": _command(wanted, snapshot) if wanted and changes else None,
            "ends": [
                {"userid": one.userid, "id": one.entry, "description": one.description}
                for one in found.ends
            ],
        },
    }


def _settings_json(settings: Settings | None) -> dict[str, Any] | None:
    if settings is None:
        return None
    return {
        "rp": settings.rp,
        "id": settings.id,
        "origin": settings.origin or None,
        "allow-subdomains": settings.allow_subdomains,
    }


def _reach_json(one: Reach) -> dict[str, Any]:
    return {"url": one.url, "works": one.ok, "why": one.why}
