"""What is computed here beside what PVE itself answers to the same question."""

from __future__ import annotations

from typing import Any, Final

from pve_auth_tui.core.apishape import fields, flag
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.why.explanation import Explanation
from pve_auth_tui.core.words import listed

_WHAT: Final = "GET /access/permissions"
_NAMED: Final = 2  # privileges in the line


def answered(answer: Any, path: str) -> Flags:
    """PVE's answer for a path: privilege -> propagates. Raises Unreadable for another shape."""
    found = fields(answer, _WHAT).get(path)
    held = {} if found is None else fields(found, _WHAT)
    return {name: flag(held, name, _WHAT) for name in held}


def check_line(found: Explanation, by_pve: Flags | None, why_not: str = "") -> Line:
    """`PVE answers the same: VM.Audit`; `by_pve` is None where PVE was not asked (`why_not`)."""
    ours = listed(sorted(found.allowed), _NAMED) or "no privilege"
    if by_pve is None:
        reason = why_not or "its API is not reached"
        return Line(
            f"PVE was not asked: {reason.rstrip('.')}. Computed here: {ours}.", "Check", "-"
        )
    if dict(by_pve) == dict(found.allowed):
        return Line(f"PVE answers the same: {ours}.", "Check", "ok")
    theirs = listed(sorted(by_pve), _NAMED) or "no privilege"
    return Line(f"PVE answers otherwise: {theirs}. r reads everything again.", "Check", "LOOK")
