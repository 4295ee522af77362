"""An explanation as one JSON value: `allowed` and `result` are PVE's own answers."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.why.explanation import Explanation, Fix, Step


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Names as raw text; whoever prints it escapes them.

    `allowed`, and `result` of each step: with a privilege true or false, without one
    privilege -> 1 (propagates) or 0, as GET /access/permissions has it. `usable` is null where
    that is not judged. `owner` is the same for the user of a token with privilege separation.
    """
    privilege = explanation.privilege
    return {
        "subject": explanation.subject,
        "path": explanation.path,
        "privilege": privilege or None,
        "allowed": _flags(explanation.allowed, privilege),
        "propagates": explanation.propagates,
        "usable": explanation.usable.ok,
        "reason": explanation.usable.reason,
        "verdict": explanation.verdict,
        "because": explanation.because,
        "steps": [_step(step, privilege) for step in explanation.steps],
        "fixes": [_fix(fix) for fix in explanation.fixes],
        "owner": explanation_json(explanation.owner) if explanation.owner else None,
        "also": list(explanation.also),
    }


def _flags(flags: Flags, privilege: str) -> bool | dict[str, int]:
    if privilege:
        return privilege in flags
    return {name: int(propagates) for name, propagates in sorted(flags.items())}


def _step(step: Step, privilege: str) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "path": step.path,
        "entry": step.entry,
        "role": step.role or None,
        "counts": step.counts,
        "why": step.why,
        "result": _flags(step.result, privilege),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    commands = [shown(call) for call in fix.calls]
    return {"title": fix.title, "effect": fix.effect, "commands": commands}
