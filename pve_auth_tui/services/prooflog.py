"""A login that proved a way in, as the journal has it: who, when, where, with what."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime

from pve_auth_tui.core.errors import Unwritable
from pve_auth_tui.core.journal import Entry
from pve_auth_tui.core.ports import Journal
from pve_auth_tui.services.proofwords import NAMES, Proof


def journalled(proof: Proof, journal: Journal, now: float) -> Proof:
    """The proof, after the journal has it: it stands even where that fails, which it then says.

    `now` in seconds since 1970.
    """
    at = datetime.fromtimestamp(now, UTC)
    name = f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"  # no plan's, so nothing can be undone
    what = f"the password and {NAMES[proof.used]}" if proof.used else "the password alone"
    told = f"{proof.userid} logged in at {proof.address} with {what}"
    title = f"prove that {proof.userid} can log in"
    try:
        journal.write(Entry("proved", name, title, text=told, outcome="ok"))
    except Unwritable as error:
        return replace(proof, remarks=(*proof.remarks, f"The journal does not have it: {error}"))
    return proof
