"""A security key for somebody, from the plan that was agreed to until PVE has stored it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keys import KeyPlace, Phase
from pve_auth_tui.core.keystages import already
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.logins import entries_of
from pve_auth_tui.core.plan import KeyCall, Plan
from pve_auth_tui.core.ports import Clock, Hands, Proofs, Runner, SecurityKey, SecurityKeys
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthnrefusal import server_trouble
from pve_auth_tui.services.keyasking import SOON, Answered, ask
from pve_auth_tui.services.keyorigin import place_of
from pve_auth_tui.services.keyrunner import KeyRunner
from pve_auth_tui.services.plans import PlanChanged, PlanService
from pve_auth_tui.services.report import Report, State
from pve_auth_tui.services.steps import OnProgress


class NotEnrolled(KeyTrouble):
    """The key or PVE ended an enrolment. `report`: what was done of the plan, and what was not;
    None when nothing had begun.
    """

    def __init__(self, trouble: KeyTrouble, report: Report | None = None) -> None:
        super().__init__(trouble.kind, trouble.original, message=str(trouble), hint=trouble.hint)
        self.report = report

    @property
    def stays(self) -> str:
        """What is left of it on the node, as a sentence."""
        if self.report is None or self.report.nothing_done:
            return "Nothing was changed."
        last = self.report.results[-1]
        if last.state is State.UNSURE:
            return "Nobody knows whether PVE has stored the key: look at the user's entries."
        return "No entry was stored. PVE keeps a mark in user.cfg (keys=x), which does nothing."


class KeyEnrolService:
    """Blocking. `keys`: those in this machine's USB; `runner` carries out the calls to PVE.

    `host`: name and port by which PVE is asked, `pve1.example.com:8006`: WebAuthn's origin where
    the settings have none. `proofs`: where a new key is noted, if anywhere.
    """

    def __init__(
        self,
        keys: SecurityKeys,
        plans: PlanService,
        runner: Runner,
        clock: Clock,
        host: Callable[[], str],
        *,
        proofs: Proofs | None = None,
    ) -> None:
        self._keys = keys
        self._plans = plans
        self._runner = runner
        self._clock = clock
        self._host = host
        self._proofs = proofs

    def origin(self, snapshot: Snapshot) -> str:
        """What a browser would write. Raises KeyTrouble (ORIGIN) where no key can work."""
        return place_of(snapshot, self._host()).origin

    def known(
        self,
        key: SecurityKey,
        snapshot: Snapshot,
        userid: str = "",
        *,
        seconds: float = SOON,
        given_up: Callable[[], bool] = lambda: False,
    ) -> Answered:
        """The entries that an open key holds, whoever has them, disabled ones too; no touch.

        Those of `userid` in any case, those of others as far as `seconds` reach, the newest
        first. What was enrolled under another WebAuthn ID than today's is not found, nor anything
        on a key that always verifies its user. Raises KeyTrouble.
        """
        rp_id = place_of(snapshot, self._host()).rp_id
        return ask(key, snapshot, (rp_id,), userid, seconds=seconds, given_up=given_up)

    def enrol(
        self,
        plan: Plan,
        path: str,
        hands: Hands,
        override: str = "",
        *,
        seen: KeyPlace | None = None,
        reason: str = "",
        minutes: float = 0.0,
        on_progress: OnProgress = lambda progress: None,
    ) -> Report:
        """Carry out a plan of `intents.factors.add_key` with the key at `path`; `seen`: the one
        that was described before, any other is left alone. The other values are those of
        `PlanService.apply`.

        May be called again with the same plan when it failed: nobody has to agree anew as long
        as there is nothing more to do than was agreed to. Raises NotEnrolled (a KeyTrouble);
        PlanChanged, Refused, and what reading raises: then nothing was done.
        """
        try:
            place = place_of(plan.before, self._host())
            hands.waits(Phase.OPENING)
            self._require_seen(seen, path)
            with closing(self._keys.open(path)) as key:
                self._require_new(key, plan)
                apply = partial(
                    self._plans.apply,
                    override=override,
                    reason=reason,
                    minutes=minutes,
                    on_progress=on_progress,
                    runner=KeyRunner(self._runner, key, place, hands, self._clock),
                )
                report = self._applied(plan, apply)
        except KeyTrouble as trouble:
            raise NotEnrolled(trouble) from None
        if report.trouble is not None:
            raise NotEnrolled(_why(report), report)
        return self._noted(report)

    def _applied(self, plan: Plan, apply: Callable[[Plan], Report]) -> Report:
        try:
            return apply(plan)
        except PlanChanged as changed:
            if not _is_within(changed.plan, plan):
                raise
            return apply(changed.plan)

    def _require_seen(self, seen: KeyPlace | None, path: str) -> None:
        """While a plan is read nobody looks what is plugged in. The same key may have another
        path by now.
        """
        there = (one for one in self._keys.scan().keys if one.path == path)
        if seen is not None and seen._replace(path=path) not in there:
            raise KeyTrouble(
                Kind.UNPLUGGED,
                message="The key that was looked at is not plugged in any more.",
            )

    def _require_new(self, key: SecurityKey, plan: Plan) -> None:
        """Raises KeyTrouble (ALREADY) before PVE is asked; it would not see disabled entries."""
        userid = _userid(plan)
        found = self.known(key, plan.before, userid, seconds=0)
        if trouble := already(found.held, userid):
            raise trouble

    def _noted(self, report: Report) -> Report:
        """The report, with what was wrong with noting it."""
        userid, entry = _userid(report.plan), new_entry(report)
        if self._proofs is None or not entry:
            return report
        place = place_of(report.plan.before, self._host())
        cluster = report.snapshot.cluster.value
        node = cluster.node if cluster else ""
        mark = Mark(userid, entry, How.ENROLLED, self._clock.now(), node, place.rp_id)
        try:
            self._proofs.put(mark)
        except AuthTuiError as error:
            told = f"That it has not been proved yet could not be noted: {error}"
            return replace(report, remarks=(*report.remarks, told))
        return report


def _userid(plan: Plan) -> str:
    for step in plan.steps:
        if isinstance(step, KeyCall):
            return step.path[-1]
    raise KeyTrouble(Kind.KEY_ERROR, message="This plan enrols no security key.")


def new_entry(report: Report) -> str:
    """The id that PVE gave it; where its answer was lost, that of the entry which is new."""
    answer = report.results[-1].answer
    ident = answer.get("id") if isinstance(answer, Mapping) else None
    if isinstance(ident, str):
        return ident
    userid = _userid(report.plan)
    before = {entry.id for entry in entries_of(report.plan.before, userid)}
    fresh = [entry.id for entry in entries_of(report.snapshot, userid) if entry.id not in before]
    return fresh[0] if len(fresh) == 1 else ""


def _why(report: Report) -> KeyTrouble:
    ended = report.trouble
    if ended is None or ended.error is None:
        return KeyTrouble(Kind.CANCELLED)
    return server_trouble(ended.error)


def _is_within(now: Plan, agreed: Plan) -> bool:
    """Whether a plan made anew asks for nothing more than the one that was agreed to.

    PVE's first call has effects of its own (it writes user.cfg, which drops what it cannot read):
    after a first try there is less left to do.
    """

    def alarms(plan: Plan) -> set[object]:
        return {one for one in plan.findings if one.word in {"BAD", "LOOK"}}

    return (
        (now.title, now.steps) == (agreed.title, agreed.steps)
        and set(now.changes) <= set(agreed.changes)
        and alarms(now) <= alarms(agreed)
        and (now.refusal, now.confirm, now.weight)
        == (agreed.refusal, agreed.confirm, agreed.weight)
    )
