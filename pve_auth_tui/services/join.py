"""Joins this node to Active Directory, checks it before and after, and takes it all back.

Blocking, no Textual. Looking changes nothing; what changes something is an Intent, planned, shown
and run as every plan is. `joinlook` reads the node, `joincheck` goes through the prerequisites,
`joinproof` through what can be seen afterwards, `joinready` looks once more before a plan, and
`joinrun` carries it out and rolls back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pve_auth_tui.core.directory.ports import Directories, Network
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.intents.users import add
from pve_auth_tui.core.join import packages
from pve_auth_tui.core.join.model import JoinCheck, JoinReport, JoinWish, NodeState
from pve_auth_tui.core.join.names import permit_problem
from pve_auth_tui.core.join.needs import needs
from pve_auth_tui.core.join.orders import PermitOrder
from pve_auth_tui.core.names import userid_problem
from pve_auth_tui.core.plan import Intent, Plan
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.joincheck import JoinChecker
from pve_auth_tui.services.joinintents import (
    InstallIntent,
    JoinIntent,
    LeaveIntent,
    PermitIntent,
)
from pve_auth_tui.services.joinleaving import LeaveMaking
from pve_auth_tui.services.joinlook import NodeLook
from pve_auth_tui.services.joinmaking import (
    JoinMaking,
    cluster_of,
    others_of,
    permitted_names,
    require,
    require_domain,
    require_member,
    require_names,
)
from pve_auth_tui.services.joinnotes import manifests
from pve_auth_tui.services.joinproof import JoinProof
from pve_auth_tui.services.joinready import require_alone
from pve_auth_tui.services.joinrun import JoinDone, JoinRunner
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.steps import OnProgress

OnCheck = Callable[[JoinCheck], None]
Stopped = Callable[[], bool]

__all__ = ["ELSEWHERE", "JoinDone", "JoinService", "OnCheck", "Stopped"]

ELSEWHERE: Final = "A node's operating system is looked at and changed on the node itself only."
_THERE: Final = "Start this program there, as root."


class JoinService:
    """`host` is this node's operating system, None where it is none of ours to change (`--host`,
    `--root`): then everything but `needs` raises Refused. `own`: this program's folder, in which
    backups lie (`own/join/STAMP`).
    """

    def __init__(
        self,
        host: Host | None,
        network: Network,
        directories: Directories,
        plans: PlanService,
        *,
        clock: Clock,
        own: Path,
    ) -> None:
        self._host = host
        self._network = network
        self._directories = directories
        self._plans = plans
        self._clock = clock
        self._own = own

    # --- looking -------------------------------------------------------------------------

    def why_not(self) -> str:
        """Why nothing can be done from here, in one sentence; "" when it can."""
        return "" if self._host is not None else ELSEWHERE

    def _on_node(self) -> Host:
        if self._host is None:
            raise Refused(ELSEWHERE, _THERE)
        return self._host

    def state(self) -> NodeState:
        """How the node stands now; within seconds, and it changes nothing."""
        return NodeLook(self._on_node()).state()

    def needs(self, outlook: Outlook, domain: str) -> tuple[Finding, ...]:
        """ "Do you need this?": what PVE's realms give already, what a join adds and risks."""
        return needs(outlook.snapshot, domain)

    def check(
        self,
        wish: JoinWish,
        outlook: Outlook,
        *,
        password: Secret | None = None,
        on_check: OnCheck = lambda check: None,
        stopped: Stopped = lambda: False,
    ) -> JoinReport:
        """Every prerequisite, row by row. With `password` the computer's account is looked for in
        the domain as `wish.user`, once; without it that row is LOOK, and join looks then.

        Raises UsageError for names that are none.
        """
        require_names(wish)
        checker = JoinChecker(
            self._on_node(),
            self._network,
            self._directories,
            self._clock,
            wish,
            others=others_of(outlook),
            cluster=cluster_of(outlook),
            password=password,
            on_check=on_check,
            stopped=stopped,
        )
        return checker.run()

    def validate(
        self,
        domain: str,
        *,
        may: Sequence[str] = (),
        must_not: Sequence[str] = (),
        on_check: OnCheck = lambda check: None,
        stopped: Stopped = lambda: False,
    ) -> JoinReport:
        """How a membership does: sssd, trust, policy, names, who may log in and who must not.

        Raises UsageError for names that are none.
        """
        require_domain(domain)
        for name in (*may, *must_not):
            require(permit_problem(name, domain))
        host = self._on_node()
        kept = next(reversed(manifests(host, str(self._own), domain)), None)
        proof = JoinProof(
            host,
            self._clock,
            domain,
            may=may,
            must_not=must_not,
            homes=kept is None or kept.wants_homes,
            on_check=on_check,
            stopped=stopped,
        )
        return proof.run()

    # --- plans -----------------------------------------------------------------------------

    def install(self, report: JoinReport) -> Intent:
        """The packages that are missing. Raises Refused when none is."""
        self._on_node()
        names = packages.missing(report.state.packages)
        if not names:
            raise Refused("All packages that a join needs are installed.")
        return InstallIntent(names, report.state)

    def join(
        self,
        wish: JoinWish,
        password: Secret | None,
        report: JoinReport,
        *,
        everybody: bool = False,
        preview: bool = False,
    ) -> Intent:
        """The join with its logins. Without users and groups nobody of the domain may log in;
        `everybody`: all of them, by somebody's explicit choice. The computer's account is looked
        for with the password, unless the report has done so. `preview`: the plan is only looked
        at, so that it needs neither packages nor a password. Raises UsageError and Refused.
        """
        making = JoinMaking(self._on_node(), self._clock, str(self._own))
        order = making.order(wish, password, report, everybody=everybody, preview=preview)
        return JoinIntent(order)

    def permit(
        self,
        domain: str,
        users: Sequence[str] = (),
        groups: Sequence[str] = (),
        *,
        everybody: bool = False,
    ) -> Intent:
        """Just these may log in from now on, nobody else. Raises UsageError and Refused."""
        require_domain(domain)
        named = permitted_names(domain, users, groups, everybody=everybody)
        state = self.state()
        require_member(state, domain)
        joined = [one.domain for one in state.memberships if one.configured]
        if len(joined) > 1:  # `realm deny` and `permit` change one of them, and do not say which
            raise Refused(
                f"This node is a member of {' and '.join(joined)}.",
                "Who may log in is set by hand there: realm permit --realm=DOMAIN",
            )
        require_alone(self._on_node(), domain)
        return PermitIntent(PermitOrder(domain, state, *named, everybody=everybody))

    def leave(
        self,
        domain: str,
        *,
        delete: bool = False,
        user: str = "",
        password: Secret | None = None,
        clean_up: bool = False,
        purge: bool = False,
    ) -> Intent:
        """`delete`: the computer's account, too, as `user`. `clean_up`: what realmd leaves behind.
        `purge`: the packages that our join added. Raises UsageError and Refused.
        """
        require_domain(domain)
        making = LeaveMaking(self._on_node(), str(self._own))
        who = (user, password) if delete else None
        return LeaveIntent(making.order(domain, who, clean_up=clean_up, purge=purge))

    def bridge(self, name: str) -> Intent:
        """`alice@ad.example.com` as PVE's user `alice@ad.example.com@pam`, whose login is the
        node's own. Raises UsageError for a name that PVE does not take.
        """
        userid = f"{name}@pam"
        require(userid_problem(userid))
        return add(userid, {"comment": "logs in as the node does (Active Directory)"})

    # --- doing ------------------------------------------------------------------------------

    def apply(
        self,
        plan: Plan,
        *,
        override: str = "",
        reason: str = "",
        on_progress: OnProgress = lambda progress: None,
        on_roll_back: Callable[[Plan], None] = lambda plan: None,
    ) -> JoinDone:
        """Run a plan of this service, unless the node is no longer as it was planned for. A join
        that fails or is stopped is rolled back at once, in a plan of its own that `on_roll_back`
        is told of before `on_progress` hears its steps.

        Raises what `PlanService.apply` raises; then nothing was done.
        """
        runner = JoinRunner(self._on_node(), self._plans, self._clock, str(self._own))
        return runner.apply(
            plan,
            override=override,
            reason=reason,
            on_progress=on_progress,
            on_roll_back=on_roll_back,
        )

    def stop(self) -> None:
        """The running step ends, no other starts: a join goes on in realmd, and is rolled back."""
        self._plans.stop()
