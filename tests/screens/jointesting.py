"""Joins as screens need them, without a node: what the service answers is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.goals import Ended
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import (
    JoinCheck,
    JoinReport,
    JoinWish,
    Membership,
    NodeState,
    Topic,
)
from pve_auth_tui.core.join.seen import HOLDER, PASSWORD_SET, PROPOSED
from pve_auth_tui.core.plan import Draft, Effect, HostStep, Intent, Plan
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.join import JoinDone
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.report import Progress, Report, State, StepResult

DOMAIN: Final = "ad.example.com"
NODE: Final = NodeState("pve1", f"pve1.{DOMAIN}", ("192.0.2.10", "192.0.2.11"))
MEMBER: Final = replace(
    NODE,
    memberships=(
        Membership(
            DOMAIN, DOMAIN.upper(), "kerberos-member", "active-directory", "sssd",
            permitted_users=(f"alice@{DOMAIN}",), permitted_groups=("ops-linux",),
        ),
    ),
)  # fmt: skip
NEEDS: Final = (
    Finding("LOOK", "The realm corp lets people of the domain into PVE already.", "Keep that."),
    Finding("LOOK", "A join adds logins over SSH and at the console of this node."),
)
SAID: Final = "realm: Couldn't join realm: Failed to join the domain"


def prerequisites() -> list[JoinCheck]:
    """As the drawing has them: the account belongs to another host."""
    return [
        JoinCheck(Topic.MEMBER, "ok", "of no domain"),
        JoinCheck(Topic.NAME, "ok", f"pve1.{DOMAIN}; NetBIOS PVE1, 4 of 15 characters"),
        JoinCheck(Topic.DNS, "ok", "192.0.2.10 and 192.0.2.11, both domain controllers"),
        JoinCheck(Topic.SRV, "ok", "2 x ldap, 2 x kerberos; all names resolve"),
        JoinCheck(Topic.PORTS, "ok", "88 389 464 open on both"),
        JoinCheck(Topic.CLOCK, "ok", "0.4 s behind dc01 (its own time; limit 2 min)"),
        JoinCheck(Topic.DISCOVERY, "ok", "active-directory"),
        JoinCheck(
            Topic.PACKAGES, "LOOK", "adds adcli, sssd; no upgrades", (JoinCause.PACKAGES_MISSING,)
        ),
        JoinCheck(
            Topic.ACCOUNT, "BAD", f"exists and belongs to pve1.old.{DOMAIN}",
            (JoinCause.ACCOUNT_OF_OTHER,),
            (Fact(HOLDER, f"pve1.old.{DOMAIN}"), Fact(PASSWORD_SET, "9 days ago"),
             Fact(PROPOSED, "PVE1-RACK")),
            original="dNSHostName: pve1.old.ad.example.com",
        ),
        JoinCheck(Topic.PAM, "ok", "root logs in without AD, before and after"),
        JoinCheck(Topic.SUDO, "ok", "none"),
        JoinCheck(Topic.BACKUP, "ok", "9 files: krb5, keytab, sssd, nsswitch, PAM"),
        JoinCheck(
            Topic.OTHERS, "LOOK", "pve2, pve3 not joined: run this on each of them",
            (JoinCause.OTHERS_NOT_JOINED,),
        ),
    ]  # fmt: skip


def proofs() -> list[JoinCheck]:
    return [
        JoinCheck(Topic.MEMBER, "ok", f"{DOMAIN}, kerberos-member"),
        JoinCheck(Topic.SSSD, "ok", "active"),
        JoinCheck(Topic.TRUST, "ok", "the computer's password works"),
        JoinCheck(Topic.POLICY, "ok", "ops-linux and nobody else"),
        JoinCheck(Topic.MAY, "-", "nobody was named"),
        JoinCheck(Topic.MUST_NOT, "-", "nobody was named"),
        JoinCheck(Topic.HOMES, "ok", "made at the first login"),
    ]


@dataclass
class Joins:
    """Instead of JoinService. `held`: what every look waits for after its first row; `fails`: why
    the join does not go as planned; `elsewhere`: why the node cannot be looked at.
    """

    node: NodeState = NODE
    rows: Callable[[], list[JoinCheck]] = prerequisites
    proof: Callable[[], list[JoinCheck]] = proofs
    held: Event | None = None
    fails: AuthTuiError | None = None
    left: tuple[str, ...] = ()
    elsewhere: AuthTuiError | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)
    tried: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    wanted: list[tuple[str, Any]] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    plans: Any = None

    def why_not(self) -> str:
        return str(self.elsewhere or "")

    def state(self) -> NodeState:
        if self.elsewhere is not None:
            raise self.elsewhere
        return self.node

    def needs(self, outlook: Outlook, domain: str) -> tuple[Finding, ...]:
        return NEEDS

    def _go_through(
        self,
        domain: str,
        found: list[JoinCheck],
        on_check: Callable[[JoinCheck], None],
        stopped: Callable[[], bool],
    ) -> JoinReport:
        done: list[JoinCheck] = []
        for check in found:
            done.append(check)
            on_check(check)
            while self.held is not None and not self.held.wait(0.01):
                if stopped():
                    return JoinReport(domain, tuple(done), self.node, stopped=True)
        return JoinReport(domain, tuple(done), self.node, seconds=0.7)

    def check(
        self,
        wish: JoinWish,
        outlook: Outlook,
        *,
        password: Secret | None = None,
        on_check: Callable[[JoinCheck], None] = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> JoinReport:
        self.checks.append({"wish": wish, "password": password})
        return self._go_through(wish.domain, self.rows(), on_check, stopped)

    def validate(
        self,
        domain: str,
        *,
        may: Sequence[str] = (),
        must_not: Sequence[str] = (),
        on_check: Callable[[JoinCheck], None] = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> JoinReport:
        self.tried.append((tuple(may), tuple(must_not)))
        return self._go_through(domain, self.proof(), on_check, stopped)

    # --- plans ---------------------------------------------------------------------------------

    def install(self, report: JoinReport) -> Intent:
        return self._intent("install", None, "install 3 packages", "/usr/bin/apt-get")

    def join(
        self,
        wish: JoinWish,
        password: Secret | None,
        report: JoinReport,
        *,
        everybody: bool = False,
        preview: bool = False,
    ) -> Intent:
        assert preview == (password is None)
        asked = (wish, password, everybody)
        return self._intent("join", asked, f"join pve1 to {wish.domain}", "/usr/sbin/realm")

    def permit(
        self,
        domain: str,
        users: Sequence[str] = (),
        groups: Sequence[str] = (),
        *,
        everybody: bool = False,
    ) -> Intent:
        asked = (tuple(users), tuple(groups), everybody)
        return self._intent("permit", asked, f"logins of {domain}", "/usr/sbin/realm")

    def leave(self, domain: str, **how: Any) -> Intent:
        return self._intent(
            "leave", {"domain": domain, **how}, f"leave {domain}", "/usr/sbin/realm"
        )

    def _intent(self, name: str, asked: Any, title: str, tool: str) -> Intent:
        self.wanted.append((name, asked))
        step = HostStep((tool, name), goal=Ended())

        def intent(snapshot: Snapshot) -> Draft:
            told = (Effect("pve1", title),)
            return Draft(title, (step,), told=told, lost=("l takes it out again.",))

        return intent

    def apply(
        self,
        plan: Plan,
        *,
        override: str = "",
        reason: str = "",
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_roll_back: Callable[[Plan], None] = lambda plan: None,
    ) -> JoinDone:
        self.applied.append(plan.title)
        name = plan.steps[0].argv[1] if isinstance(plan.steps[0], HostStep) else ""
        on_progress(Progress(1, 1, plan.steps[0], State.RUNS, " * Resolving: _ldap._tcp"))
        if self.fails is not None:
            on_roll_back(replace(plan, title=f"roll back the join to {DOMAIN}"))
            failed = self._report(plan, State.FAILED, self.fails)
            return JoinDone(failed, self._report(plan, State.DONE), self.left)
        if name == "join":
            self.node = MEMBER
        if name == "leave":
            self.node = NODE
        return JoinDone(self._report(plan, State.DONE))

    def _report(self, plan: Plan, state: State, error: AuthTuiError | None = None) -> Report:
        results = tuple(StepResult(step, state, error) for step in plan.steps)
        outlook = self.plans.outlook
        return Report("x", plan, results, (), (), outlook.snapshot, outlook.node)

    def stop(self) -> None:
        """Nothing runs that could be."""


def wrong_password() -> HostTrouble:
    """As realmd says it."""
    return HostTrouble(
        "realm join did not join the node.",
        original=f" ! Couldn't get kerberos ticket: Preauthentication failed\n{SAID}",
        causes=(JoinCause.WRONG_PASSWORD,),
        record="/var/lib/pve-auth-tui/output/1.txt",
    )
