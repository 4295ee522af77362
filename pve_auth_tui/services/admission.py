"""What a plan must fulfil before its first step: possible now, as it was shown, and wanted."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.node import Ability, Node
from pve_auth_tui.core.plan import (
    ApiCall,
    DatabaseEdit,
    FileSwap,
    HostCommand,
    HostFile,
    HostStep,
    Plan,
    Step,
    Weight,
)


def require(plan: Plan, node: Node, typed: str) -> None:
    """Raises Refused unless the node takes changes now and the word that the plan asks for was
    typed: that of a HEAVY plan, and of one that the guard refuses.
    """
    if not plan.steps:
        raise Refused("There is nothing to do.")
    require_possible(plan, node)
    if plan.refusal and typed != plan.confirm:
        raise Refused(plan.refusal, f"Whoever overrides that types: {plan.confirm}")
    if plan.weight is Weight.HEAVY and typed != plan.confirm:
        raise Refused(
            "This plan is HEAVY and was not confirmed by its word, so nothing was done.",
            f"Whoever wants it types: {plan.confirm}",
        )


def require_possible(plan: Plan, node: Node) -> None:
    """Raises Refused when that node takes no such changes now."""
    if problem := why_not(plan.steps, node):
        raise Refused(f"Nothing can be changed here: {problem}.", "Nothing was done.")


def why_not(steps: Sequence[Step], node: Node) -> str:
    """Why these steps cannot be carried out on that node now; "" when they can."""
    if node.read_only:
        return node.can(Ability.CHANGE)
    calls = [step for step in steps if isinstance(step, ApiCall)]
    if any(step.secrets for step in calls):
        return node.can(Ability.SEND_SECRET)
    return node.can(Ability.CHANGE) if calls else ""


def same(shown: Plan, now: Plan) -> bool:
    """Whether a plan says the same as the one that was shown.

    A secret may differ: the code of an authenticator app is another one by now.
    """
    return _said(shown) == _said(now)


def _said(plan: Plan) -> tuple[object, ...]:
    words = (plan.title, plan.findings, plan.changes, plan.stays, plan.refusal, plan.confirm)
    steps = tuple(map(_without_secrets, plan.steps))
    back = tuple(map(_without_secrets, plan.back.steps))
    return (*words, plan.weight, steps, back, plan.back.lost, plan.touched)


def _without_secrets(step: Step) -> tuple[object, ...]:
    match step:
        case ApiCall():
            return step.method, step.path, dict(step.params), sorted(step.secrets)
        case HostStep():
            return step.argv, step.seconds, step.goal, step.stdin is not None
        case HostFile():
            return step.path, step.content, step.mode, step.expected
        case HostCommand():
            return step.argv, step.seconds
        case FileSwap():
            where = step.database if isinstance(step, DatabaseEdit) else ""
            return where, step.path, step.expected, step.content
