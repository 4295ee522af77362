"""Plans of a join carried out, and the way back when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from pve_auth_tui.core.errors import AuthTuiError, CommandFailed
from pve_auth_tui.core.host.done import HostDone
from pve_auth_tui.core.host.goals import Joined
from pve_auth_tui.core.host.ports import Host, Said
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join.causes import REFUSES_ACCOUNT, JoinCause
from pve_auth_tui.core.join.goback import differences
from pve_auth_tui.core.join.model import SNIPPET, NodeState
from pve_auth_tui.core.join.orders import BackOrder, JoinOrder, LeaveOrder, PermitOrder
from pve_auth_tui.core.join.outcomes import classify, has_found_account, has_made_account
from pve_auth_tui.core.overview import overview
from pve_auth_tui.core.plan import HostStep, Plan, Step
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.services.joincheck import show_account
from pve_auth_tui.services.joinintents import (
    BackIntent,
    InstallIntent,
    JoinIntent,
    LeaveIntent,
    PermitIntent,
)
from pve_auth_tui.services.joinlook import NodeLook
from pve_auth_tui.services.joinnotes import note_added, note_after
from pve_auth_tui.services.joinready import require_as_planned
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.report import Report, State, StepResult
from pve_auth_tui.services.steps import OnProgress

OnRollBack = Callable[[Plan], None]


class JoinDone(NamedTuple):
    """What came of a plan of this service. `rolled_back`: of the plan that took it back, where the
    first one failed or was stopped; `left`: sentences on what stays all the same, () for nothing.
    """

    report: Report
    rolled_back: Report | None = None
    left: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """It was carried out, all of it."""
        return self.report.ok

    @property
    def told(self) -> Report:
        """Its report, with what became of what was done where it did not go to its end."""
        if self.rolled_back is None and not self.left:
            return self.report
        sentences = self.left or ("What was done was rolled back, all of it.",)
        if self.rolled_back is not None and self.left:
            sentences = ("What was done was rolled back, but not all of it:", *self.left)
        return replace(self.report, remarks=(*self.report.remarks, *sentences))


@dataclass(frozen=True)
class JoinRunner:
    """`own`: the folder of this program on the node, as text."""

    host: Host
    plans: PlanService
    clock: Clock
    own: str

    def apply(
        self,
        plan: Plan,
        *,
        override: str,
        reason: str,
        on_progress: OnProgress,
        on_roll_back: OnRollBack,
    ) -> JoinDone:
        """As `JoinService.apply` says."""
        intent = plan.intent
        require_as_planned(self.host, intent)
        report = self.plans.apply(plan, override=override, reason=reason, on_progress=on_progress)
        match intent:
            case JoinIntent(order):
                if report.ok:
                    return JoinDone(
                        report,
                        left=tuple(note_after(self.host, order.manifest.folder, self._state())),
                    )
                return self._rolled_back(order, report, on_progress, on_roll_back)
            case InstallIntent(names) if report.ok:
                return JoinDone(report, left=tuple(note_added(self.host, self.own, names)))
            case PermitIntent(order) if not report.ok:
                return JoinDone(report, left=self._left_of_permit(order))
            case LeaveIntent(order) if not report.ok:
                return JoinDone(report, left=self._left_of_leave(order))
        return JoinDone(report)

    def _state(self) -> NodeState:
        return NodeLook(self.host).state()

    # --- the way back ---------------------------------------------------------------------------

    def _rolled_back(
        self,
        order: JoinOrder,
        failed: Report,
        on_progress: OnProgress,
        on_roll_back: OnRollBack,
    ) -> JoinDone:
        """At first with realmd and the account; if that fails without the account, and then by the
        files alone. Every attempt looks at the node anew, and goes to its end.
        """
        left: list[str] = []
        last: Report | None = None
        attempts = [_Attempt(settle=True)] if _goes_on(failed) else []
        made = False
        if not attempts:
            made = self._made_account(order, failed, left)
            attempts = list(_attempts(delete=made))
        while attempts:
            one = attempts[0]
            intent = self._back(order, one)
            if not intent(failed.snapshot).steps:
                break
            try:
                plan = self.plans.review(intent, _outlook(failed, self.clock.now()))
                on_roll_back(plan)
                last = self.plans.apply(
                    plan,
                    override=plan.confirm,
                    reason="a step failed",
                    on_progress=on_progress,
                    to_the_end=True,
                )
            except AuthTuiError as error:
                left.append(f"It could not be rolled back: {error}")
                break
            if one.settle:
                made = self._made_account(order, failed, left)
                attempts = list(_attempts(delete=made))
                continue
            if one.delete and (_did(last, 0) or _is_gone(last)):
                made = False
            if last.ok:
                break
            attempts.pop(0)
        if made:
            left.append(f"{order.wish.computer}$ stays in {order.wish.domain}: delete it there.")
        left += differences(order.before, self._state())
        return JoinDone(failed, last, tuple(dict.fromkeys(left)))

    def _back(self, order: JoinOrder, one: _Attempt) -> BackIntent:
        return BackIntent(
            BackOrder(
                order.wish.domain,
                self._state(),
                order.manifest,
                user=order.wish.user if one.delete else "",
                password=order.password if one.delete else None,
                files_alone=one.files_alone,
                settle=one.settle,
            )
        )

    def _made_account(self, order: JoinOrder, failed: Report, left: list[str]) -> bool:
        """Whether the join has made an account that was not there before."""
        if order.exists:
            if any(_is_join(one.step) and one.state is State.DONE for one in failed.results):
                text = f"{order.wish.computer}$ was there before, and has a new password now."
                left.append(text)
            return False
        tried = [one for one in failed.results if _is_join(one.step)]
        if not tried or tried[0].state is State.NOT_RUN:
            return False
        told = _said(tried[0])
        if told and has_found_account(told):
            # somebody made it since we looked: it is not ours
            left.append(f"{order.wish.computer}$ was there before, and may have a new password.")
            return False
        if tried[0].state is State.DONE:
            return True
        error = tried[0].error
        # what the DC did not take may be the password of the account that was made, and not ours
        made = told is not None and has_made_account(told)
        refused = isinstance(error, HostTrouble) and REFUSES_ACCOUNT.intersection(error.causes)
        if refused and not made:
            return False
        with suppress(CommandFailed):
            said = show_account(self.host, order.wish, order.before, order.password)
            causes = classify(said, "show-computer")
            if causes in ((), (JoinCause.NO_ACCOUNT,)):
                return not causes
        left.append(
            f"Whether {order.wish.computer}$ was made in {order.wish.domain} is not known: "
            "look there."
        )
        return False

    def _left_of_permit(self, order: PermitOrder) -> tuple[str, ...]:
        if SNIPPET in self._state().files:
            told = f"{SNIPPET} is there, so nobody of {order.domain} may log in"
            return (f"{told}: who may is said anew by pve-auth-tui join permit.",)
        return ()

    def _left_of_leave(self, order: LeaveOrder) -> tuple[str, ...]:
        now = self._state()
        if now.member_of(order.domain):
            return (f"The node is still a member of {order.domain}.",)
        return (f"The node is no member of {order.domain} any more; the rest was not done.",)


class _Attempt(NamedTuple):
    """One way to roll back: with the account, by the files alone; `settle`: realmd first."""

    delete: bool = False
    files_alone: bool = False
    settle: bool = False


def _attempts(*, delete: bool) -> Iterator[_Attempt]:
    if delete:
        yield _Attempt(delete=True)
    yield _Attempt()
    yield _Attempt(files_alone=True)


def _goes_on(failed: Report) -> bool:
    """Whether realmd may still be at it, although its client has gone."""
    for one in failed.results:
        error = one.error
        if isinstance(error, HostTrouble) and (error.unsure or JoinCause.TIMED_OUT in error.causes):
            return True
    return False


def _did(report: Report, number: int) -> bool:
    return report.results[number].state is State.DONE


def _is_gone(report: Report) -> bool:
    error = report.results[0].error
    return isinstance(error, HostTrouble) and JoinCause.NO_ACCOUNT in error.causes


def _said(result: StepResult) -> Said | None:
    """What the command of a step printed, however it ended."""
    if isinstance(result.answer, HostDone):
        return result.answer.said
    return result.error.said if isinstance(result.error, HostTrouble) else None


def _is_join(step: Step) -> bool:
    return isinstance(step, HostStep) and isinstance(step.goal, Joined)


def _outlook(report: Report, now: float) -> Outlook:
    return Outlook(report.snapshot, overview(report.snapshot, now), report.node)
