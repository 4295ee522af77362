"""Joins this node to Active Directory, checks it before and after, and takes it all back.

Blocking, no Textual. Looking changes nothing; what changes something is an Intent, planned, shown
and run as every plan is. `joinlook` reads the node, `joincheck` goes through the prerequisites,
`joinproof` through what can be seen afterwards, `joinrun` carries plans out and rolls back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pve_auth_tui.core.directory.ports import Directories, Network
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.join.model import JoinCheck, JoinReport, JoinWish, NodeState
from pve_auth_tui.core.plan import Intent, Plan
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.report import Report
from pve_auth_tui.services.steps import OnProgress

OnCheck = Callable[[JoinCheck], None]
Stopped = Callable[[], bool]


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
        raise NotImplementedError

    def state(self) -> NodeState:
        """How the node stands now; within seconds, and it changes nothing."""
        raise NotImplementedError

    def needs(self, outlook: Outlook, domain: str) -> tuple[Finding, ...]:
        """ "Do you need this?": what PVE's realms give already, what a join adds and risks."""
        raise NotImplementedError

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
        """
        raise NotImplementedError

    def validate(
        self,
        domain: str,
        *,
        may: Sequence[str] = (),
        must_not: Sequence[str] = (),
        on_check: OnCheck = lambda check: None,
        stopped: Stopped = lambda: False,
    ) -> JoinReport:
        """How a membership does: sssd, trust, policy, names, who may log in and who must not."""
        raise NotImplementedError

    # --- plans -----------------------------------------------------------------------------

    def install(self, report: JoinReport) -> Intent:
        """The packages that are missing. Raises Refused when none is."""
        raise NotImplementedError

    def join(
        self, wish: JoinWish, password: Secret, report: JoinReport, *, everybody: bool = False
    ) -> Intent:
        """The join with its logins. Without users and groups nobody of the domain may log in;
        `everybody`: all of them, by somebody's explicit choice. Raises UsageError and Refused.
        """
        raise NotImplementedError

    def permit(
        self,
        domain: str,
        users: Sequence[str] = (),
        groups: Sequence[str] = (),
        *,
        everybody: bool = False,
    ) -> Intent:
        """Just these may log in from now on, nobody else. Raises UsageError and Refused."""
        raise NotImplementedError

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
        raise NotImplementedError

    def bridge(self, userid: str) -> Intent:
        """`alice@ad.example.com@pam` as a user of PVE's. Raises UsageError for no such id."""
        raise NotImplementedError

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
        raise NotImplementedError

    def stop(self) -> None:
        """The running step ends, no other starts: a join goes on in realmd, and is rolled back."""
        self._plans.stop()


ELSEWHERE: Final = Refused(
    "The operating system of a node is looked at and changed on the node itself only.",
    "Start this program there, as root.",
)
