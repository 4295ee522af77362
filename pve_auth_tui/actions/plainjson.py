"""Plans and reports as JSON, without any secret. The keys are stable: see docs/changes.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Plan, Step
from pve_auth_tui.services.report import Report, StepResult


def finding_json(finding: Finding) -> dict[str, str]:
    """As `status` has them, without where they point."""
    return {"word": finding.word, "text": finding.text, "fix": finding.fix}


def plan_json(plan: Plan) -> dict[str, Any]:
    """What `--dry-run --json` has under `plan`."""
    return {
        "title": plan.title,
        "weight": plan.weight.value,
        "confirm": plan.confirm or None,
        "refusal": plan.refusal or None,
        "findings": [
            {"state": one.word, "text": one.text, "fix": one.fix or None} for one in plan.findings
        ],
        "changes": [{"subject": one.subject, "text": one.text} for one in plan.changes],
        "stays": list(plan.stays),
        "objects": _objects(plan.touched),
        "commands": _commands(plan.steps),
        "unforeseen": _commands(plan.unforeseen),
        "take_back": {
            "commands": _commands(plan.back.steps),
            "otherwise": plan.back.otherwise,
            "lost": list(plan.back.lost),
        },
    }


def report_json(report: Report) -> dict[str, Any]:
    """What a plan that was run has under `result`."""
    return {
        "id": report.id,
        "ok": report.ok,
        "stopped": report.stopped,
        "steps": [_step(one) for one in report.results],
        "differences": list(report.differences),
        "others": list(report.others),
        "remarks": list(report.remarks),
        "undoable": report.undoable,
        "taken_back_at": report.deadline,
    }


def applied_json(applied: Applied, *, missed: bool) -> dict[str, Any]:
    """One line of `undo --list`."""
    return {
        "id": applied.id,
        "title": applied.title,
        "time": applied.time,
        "objects": _objects(one.key for one in applied.changes),
        "lost": list(applied.lost),
        "undone": applied.undone,
        "undoes": applied.undoes or None,
        "purged": applied.purged,
        "complete": applied.complete,
        "taken_back_at": applied.armed_until,
        "missed": missed,
    }


def _step(result: StepResult) -> dict[str, Any]:
    error = result.error
    remark = {"remark": result.remark} if result.remark else {}
    return remark | {
        "command": shown(result.step),
        "state": result.state.value,
        "seen": result.seen,
        "recorded": result.told or None,
        "error": _error(error) if error else None,
    }


def _error(error: AuthTuiError) -> dict[str, Any]:
    """Of a command on the node why it failed, and where all that it said is kept."""
    told: dict[str, Any] = {"message": str(error), "hint": error.hint}
    if isinstance(error, HostTrouble):
        told["causes"] = [cause.value for cause in error.causes]
        told["record"] = error.record or None
    return told


def _commands(steps: Iterable[Step]) -> list[str]:
    return [shown(step) for step in steps]


def _objects(keys: Iterable[Key]) -> list[dict[str, str]]:
    return [{"kind": key.kind, "name": key.name, "part": key.part} for key in keys]
