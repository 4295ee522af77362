"""What a form shows below its fields: the plan of what is typed, while it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words

_MOST: Final = 100  # changes: of a thousand users nobody reads more, and each takes time to show


def foreseen(intent: Intent, snapshot: Snapshot, now: float) -> Sequence[Line]:
    """What the plan warns of and what it changes, or why there is none; never raises for that.

    `now` in seconds since 1970. Who can still log in is left to the plan itself.
    """
    try:
        plan = make_plan(intent, snapshot, now=now)
    except AuthTuiError as error:
        return (Line(f"{error} {error.hint}".strip(), word="-"),)
    told = [Line(one.text, word=one.word) for one in plan.findings if one.word in ("BAD", "LOOK")]
    if plan.refusal:
        told.insert(0, Line(plan.refusal, word="BAD"))
    told += [Line(f"{change.subject}: {change.text}") for change in plan.changes[:_MOST]]
    if (more := len(plan.changes) - _MOST) > 0:
        told.append(Line(f"{count_words(more, 'more change', 'more changes')}; the plan has all."))
    return told
