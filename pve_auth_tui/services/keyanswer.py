"""Which of somebody's factors gave an answer, and whether PVE would take a key's counter."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pve_auth_tui.core.errors import Refused, Unreadable
from pve_auth_tui.core.logins import counter_refused, entries_of
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.webauthn import (
    AUTH_DATA,
    auth_data,
    bytes_of,
    entry_of,
    stored_keys,
)
from pve_auth_tui.services.proofwords import NOT_SENT, Attempt, Proof


def answered_by(entry: TfaEntry, value: str) -> bool:
    """Whether a key's answer to a login (the JSON behind `webauthn:`) is that entry's."""
    try:
        stored = entry_of(entry)
    except Unreadable:
        return False
    return stored is not None and _part(value, "rawId") == stored.credential


def counter_in(value: str) -> int:
    """The counter in such an answer; 0 where there is none."""
    data = _part(value, "response", "authenticatorData")
    return auth_data(data).counter if len(data) >= AUTH_DATA else 0


def require_counter(userid: str, snapshot: Snapshot, value: str) -> None:
    """Raises Refused for an answer that PVE would take for that of a copied key."""
    for one in stored_keys(snapshot, userid):
        now, then = counter_in(value), one.stored.counter
        if answered_by(one.entry, value) and counter_refused(then, now):
            raise Refused(
                f"The key's counter is {now}, not above the {then} of its enrolment: PVE takes it"
                " for a copy.",
                f"Enrol the key anew. {NOT_SENT}",
            )


def _part(value: str, *names: str) -> bytes:
    """Bytes in a key's answer, which `core.challenge` found to be complete."""
    found: Any = json.loads(value)
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return bytes_of(found) or b""


# --- what a login used ------------------------------------------------------------------------


def used_entry(userid: str, attempt: Attempt, snapshot: Snapshot | None) -> TfaEntry | None:
    """The factor that a login used; None where several could have been it."""
    entries = entries_of(snapshot, userid) if snapshot else ()
    of_kind = [one for one in entries if one.enable and one.type == attempt.kind]
    if attempt.kind == "webauthn":
        of_kind = [one for one in of_kind if answered_by(one, attempt.value)] or of_kind
    return of_kind[0] if len(of_kind) == 1 else None


def login_mark(proof: Proof, attempt: Attempt, at: float, node: str) -> Mark:
    """What is noted of a login that succeeded: of a key also its WebAuthn ID and its counter."""
    mark = Mark(proof.userid, proof.entry, How.LOGIN, at, node)
    question = attempt.challenge.webauthn if attempt.challenge else None
    if attempt.kind != "webauthn" or question is None:
        return mark
    rp_id = question.get("rpId")
    known = rp_id if isinstance(rp_id, str) else ""
    return replace(mark, rp_id=known, counter=counter_in(attempt.value))
