"""Recover: how things are, and a way back carried out with everything that stays of it (R18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError, Refused, Unreadable
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.ports import Clock, Mail, Probe, Recoveries, Tree
from pve_auth_tui.core.recover.condition import Neighbour
from pve_auth_tui.core.recover.evidence import Recovered, mail_about, unseen
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.tools import killed, local_mode
from pve_auth_tui.core.recover.ways_alone import why_refused, why_refused_local, writes_alone
from pve_auth_tui.services.applying import World
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.report import Report
from pve_auth_tui.services.steps import OnProgress

OnAnswer = Callable[[Neighbour], None]

_EDITED: Final = ("user.cfg", "domains.cfg", "priv/tfa.cfg")
_NO_MAIL: Final = "No mail was sent: {}"


class Recovers(NamedTuple):
    """That a plan is a way back in: whose login it is about, and the reason that was given."""

    userid: str
    reason: str


@dataclass(frozen=True)
class RecoverService:
    """Blocking, safe from several threads, no Textual. `who`: who is at work, as the kernel says.
    `files` opens PVE's files as they lie here, None where PVE is asked from elsewhere; `host` gives
    name and port of its web interface, "" where there is none.

    `mail` is None where this node's mail is none of ours (`--host`, `--root`, the demo).
    """

    world: World
    probe: Probe
    plans: PlanService
    recoveries: Recoveries
    clock: Clock
    who: Callable[[], str]
    files: Callable[[], Tree | None] = lambda: None
    host: Callable[[], str] = lambda: ""
    mail: Mail | None = None

    def look(self, outlook: Outlook, userid: str = ROOT) -> Situation:
        """How things are now, without the other nodes; within five seconds."""
        condition = self.probe.look()
        by_pve = outlook.node.asks_pve and not outlook.snapshot.tfa.refused
        raw = {} if by_pve else self._raw()
        host = self.host()
        web = (f"https://{host}",) if host else ()
        now = self.clock.now()
        return Situation(outlook.snapshot, outlook.node, condition, userid, now, raw, web)

    def ask(self, situation: Situation, on_answer: OnAnswer = lambda one: None) -> Situation:
        """The same, with what the other nodes say of themselves; within ten seconds."""
        found = tuple(self.probe.ask(on_answer))
        return situation._replace(condition=replace(situation.condition, neighbours=found))

    def apply(
        self,
        plan: Plan,
        *,
        userid: str,
        reason: str,
        override: str = "",
        unrecorded: bool = False,
        on_progress: OnProgress = lambda progress: None,
    ) -> Report:
        """Run a way back. What stays of it is noted before its first step, and mailed afterwards.

        Where it makes this node write alone, the other nodes are asked once more before.
        Raises what `PlanService.apply` raises, and Refused where one of them has quorum by now, or
        the process that it ends is another one; then nothing was done.
        """
        if writes_alone(plan.steps) and not plan.refusal:
            self._require_nobody_else(plan, userid)
        self._require_same_process(plan)
        now = self.clock.now()
        begun = Recovered(f"{now:.3f}", now, userid, plan.title, reason, self.who())
        remarks = self._noted(begun)
        try:
            report = self.plans.apply(
                plan,
                override=override,
                reason=reason,
                unrecorded=unrecorded,
                on_progress=on_progress,
            )
        except AuthTuiError:
            self._noted(replace(begun, outcome="nothing done"))
            raise
        outcome = "done" if report.ok else "nothing done" if report.nothing_done else "failed"
        ended = replace(begun, outcome=outcome)
        remarks += self._noted(ended)
        if not report.nothing_done:
            remarks += self._mailed(ended, report)
        told = tuple(dict.fromkeys((*report.remarks, *remarks)))
        return replace(report, remarks=told)

    def _require_nobody_else(self, plan: Plan, userid: str) -> None:
        """The plan was made minutes ago: meanwhile somebody may have plugged a cable in."""
        situation = self.ask(self.look(self.world.fresh(), userid))
        refused = why_refused_local if local_mode() in plan.steps else why_refused
        if problem := refused(situation):
            raise Refused(problem, "That is new since the plan was made, so nothing was done.")

    def _require_same_process(self, plan: Plan) -> None:
        """A number is given to another process as soon as the one that had it has ended."""
        if numbers := killed(plan.steps):
            pmxcfs = self.probe.look().pmxcfs
            if pmxcfs is None or numbers != {pmxcfs.pid}:
                raise Refused(
                    "The pmxcfs that was to be ended is not there any more, so nothing was done.",
                    "Look again: what is left to do is offered then.",
                )

    def _raw(self) -> Mapping[str, bytes]:
        """What would have to be changed without PVE, as far as it can be read."""
        found: dict[str, bytes] = {}
        with suppress(AuthTuiError):
            tree = self.files()
            for name in _EDITED:
                with suppress(Unreadable):
                    if tree is not None:
                        found[name] = tree.read(f"etc/pve/{name}")
        return found

    def unseen(self) -> tuple[Recovered, ...]:
        """What was done to get back in and nobody has acknowledged. Raises Unreadable."""
        return unseen(self.recoveries.all())

    def acknowledge(self) -> int:
        """Somebody has seen all of them; how many there were. Raises Unreadable, Unwritable."""
        found = self.unseen()
        for one in found:
            self.recoveries.put(replace(one, seen=self.clock.now()))
        return len(found)

    def _noted(self, recovered: Recovered) -> list[str]:
        """What could not be noted, as a sentence: the journal has it all the same."""
        try:
            self.recoveries.put(recovered)
        except AuthTuiError as error:
            return [f"Later sessions are not told of it: {error}"]
        return []

    def _mailed(self, recovered: Recovered, report: Report) -> list[str]:
        """To root@pam's address, if it has one."""
        access = report.snapshot.access.value
        root = access.users.get(ROOT) if access else None
        if self.mail is None or root is None or not root.email:
            return []
        cluster = report.snapshot.cluster.value
        commands: Sequence[str] = [shown(step) for step in report.plan.steps]
        subject, text = mail_about(recovered, (cluster.node if cluster else "") or "node", commands)
        with suppress(AuthTuiError):
            self.mail.send(root.email, subject, text)
            return [f"A mail about it went to {root.email}."]
        return [_NO_MAIL.format("this node's mail system did not take it.")]
