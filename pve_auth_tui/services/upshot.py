"""What a plan really did: what was to be, what could be read back, and what undo must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pve_auth_tui.core.applied import Applied, applied_of
from pve_auth_tui.core.objects import differing
from pve_auth_tui.core.plan import Plan, Step
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.readback import filled, read_back
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.takeback import beyond_records, material_of, way_back
from pve_auth_tui.core.threeway import hanging_on, without_heirs
from pve_auth_tui.core.weighing import is_sync
from pve_auth_tui.services.report import State, StepResult


class Upshot(NamedTuple):
    """`differences` and `others` as in a Report; `applied`: the record for undo, as read back.

    `undoable`: there is a way back from it.
    """

    differences: tuple[str, ...]
    others: tuple[str, ...]
    applied: Applied
    undoable: bool


def upshot(
    plan: Plan,
    begun: Applied,
    results: Sequence[StepResult],
    now: Snapshot | None,
    *,
    at: float,
) -> Upshot:
    """`begun` is the record from before the first step; `now` is what was read back, None when
    nothing could be: then what was foretold stands in for it. `at`: seconds since 1970.

    What is foretold here is so for the time of `begun`: by now a code may be too old.
    """
    done = [one.step for one in results if one.state is State.DONE]
    perhaps = [one.step for one in results if one.state in {State.DONE, State.UNSURE}]
    before = plan.before
    expected = plan.after if len(done) == len(plan.steps) else _foretold(before, done, begun.time)
    possible = expected if len(perhaps) == len(done) else _foretold(before, perhaps, begun.time)
    seen = expected if now is None else now
    found = read_back(before, expected, seen, differing(before, expected))
    perhaps_found = read_back(before, possible, seen, differing(before, possible))
    applied = applied_of(
        begun.id,
        begun.title,
        begun.time,
        before=before,
        after=filled(before, possible, possible if now is None else now),
        touched=perhaps_found.keys,
        armed_until=begun.armed_until,
    )
    stay: tuple[str, ...] = ()
    if is_sync(done):
        changes, stay = without_heirs(seen, applied.changes)
        applied = replace(applied, changes=changes)
    material = material_of(before, applied.changes)
    back = way_back(applied.changes, material, seen, now=at)
    lost = (*back.lost, *stay, *beyond_records(done, applied.changes))
    applied = replace(applied, lost=tuple(dict.fromkeys(lost)), undoes=begun.undoes)
    may_go_back = bool(back.steps) and not hanging_on(seen, applied.changes)
    others = () if now is None else perhaps_found.others
    return Upshot(found.differences, others, applied, may_go_back)


def _foretold(before: Snapshot, steps: Sequence[Step], at: float) -> Snapshot:
    return forecast(before, steps, now=at).snapshot
