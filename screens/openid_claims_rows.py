"""What PVE would make of somebody's claims, as lines. Values of claims are not among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.claims import Claimed, Fate

_ENDS: Final[dict[Fate, str]] = {
    "joins": "joins",
    "created": "is created and joined",
    "missing": "stays out",
    "skipped": "skipped",
}


def claimed_lines(found: Claimed) -> Iterator[Line]:
    """The user, what speaks against it, its groups, and the names of all claims."""
    yield Line(found.userid or "none", "User ID")
    yield Line(f"{found.source}, as it was pasted", "Source")
    for finding in found.findings:
        yield Line(f"{finding.text.rstrip('.')}.", word=finding.word)
        if finding.fix:
            yield Line(finding.fix, word="-")
    if found.values and not found.exists and not found.refusal:
        yield Line(f"A new user gets: {', '.join(found.values)}.")
    if found.groups:
        yield Line("")
        yield Line(f"Groups, {len(found.groups)} claimed:")
    for one in found.groups:
        end = " ".join(part for part in (_ENDS[one.fate], one.group) if part)
        why = f" ({one.why})" if one.why else ""
        well = one.fate in ("joins", "created")
        yield Line(f"{one.value}: {end}{why}", word="ok" if well else "LOOK")
    yield Line("")
    yield Line(", ".join(found.names) or "none", "Claims")
    yield Line("What was pasted is kept nowhere.")
