"""The demo's node with whoever joins it, as the command line puts it together: nothing of this
machine is used, and the clock is moved by hand. What it is asked to run can be made to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pve_auth_tui.arguments import parse
from pve_auth_tui.core.errors import CommandFailed, Unwritable
from pve_auth_tui.core.host.ports import Look, OnLine, Said
from pve_auth_tui.core.join.model import JoinReport, JoinWish, NodeState
from pve_auth_tui.core.plan import HostFile, HostStep, Intent, Plan, Step
from pve_auth_tui.core.ports import Tree
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.equipment import equipped
from pve_auth_tui.services.join import JoinDone, JoinService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.report import Progress
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.demopeople import DOMAIN
from pve_auth_tui.simnode.host.simhost import SimHost
from pve_auth_tui.wiring import wired
from tests.services.factor_node import Clock, files

GROUP = f"Domain Admins@{DOMAIN}"
OWN = "var/lib/pve-auth-tui/"


class HurtHost:
    """The simulated node's, with an ear on it. `asked`: every argv; `fed`: those that got a
    secret. `fails(argv)`: such a command does nothing and ends with 1; `complains(argv)`: it does
    what it is for and is heard of no more; `unwritable`: paths that take nothing.
    """

    def __init__(self, inner: SimHost) -> None:
        self.inner = inner
        self.asked: list[tuple[str, ...]] = []
        self.fed: list[tuple[str, ...]] = []
        self.fails: Callable[[Sequence[str]], bool] = lambda argv: False
        self.complains: Callable[[Sequence[str]], bool] = lambda argv: False
        self.unwritable: Callable[[str, str | None], bool] = lambda path, content: False

    def ask(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        self.asked.append(tuple(argv))
        if stdin is not None:
            self.fed.append(tuple(argv))
        if self.fails(argv):
            return Said(argv[0].rpartition("/")[2], 1, (), ("it was made to fail",))
        said = self.inner.ask(argv, stdin=stdin, seconds=seconds, on_line=on_line)
        if self.complains(argv):
            raise CommandFailed(f"{argv[0]} was lost sight of.")
        return said

    @property
    def files(self) -> Tree:
        return self.inner.files

    def look(self, path: str) -> Look | None:
        return self.inner.look(path)

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        if self.unwritable(path, content):
            raise Unwritable(f"{path} cannot be written: it was made to fail.")
        self.inner.write(path, content, mode, expected)


class JoinNode:
    """One node, with its domain around it. `packages` False: as Debian's installer leaves it."""

    def __init__(self, *, packages: bool = True) -> None:
        options = parse(["demo"])
        self.clock = Clock()
        found = wired(options, self.clock)
        assert found.simulated is not None
        self.node = found.simulated()
        for path, data in files().items():  # keys and certificates, which take long to make
            if self.node.disk.read(path) is None:
                self.node.disk.write(path, data)
        self.node.sources.sleep = lambda seconds: None
        self.host = HurtHost(self.node.host)
        self.node.__dict__["host"] = self.host
        self.outlooks = OutlookService(found.pictures, found.nodes, found.proofs)
        self.shop = equipped(options, found, self.outlooks, {})
        self.progress: list[Progress] = []
        self.backs: list[Plan] = []
        if packages:
            self.run(self.join.install(self.check()))

    @property
    def join(self) -> JoinService:
        return self.shop.join

    def close(self) -> None:
        self.shop.close()
        self.outlooks.close()

    # --- what somebody does --------------------------------------------------------------

    def wish(self, **changes: object) -> JoinWish:
        """To the demo's domain, with one group that may log in."""
        return replace(JoinWish(DOMAIN, groups=("Domain Admins",)), **changes)  # type: ignore[arg-type]

    def check(self, wish: JoinWish | None = None, password: str = "") -> JoinReport:
        given = Secret(password) if password else None
        return self.join.check(wish or self.wish(), self.outlooks.fresh(), password=given)

    def plan(self, intent: Intent) -> Plan:
        return self.shop.plans.review(intent, self.outlooks.fresh())

    def joining(self, wish: JoinWish | None = None, **more: bool) -> Plan:
        """The plan of a join, with the demo's password."""
        wish = wish or self.wish()
        report = self.check(wish, PASSWORD)
        return self.plan(self.join.join(wish, Secret(PASSWORD), report, **more))

    def run(self, intent: Intent | Plan) -> JoinDone:
        plan = intent if isinstance(intent, Plan) else self.plan(intent)
        return self.join.apply(
            plan,
            override=plan.confirm,
            on_progress=self.progress.append,
            on_roll_back=self.backs.append,
        )

    # --- what there is to see -------------------------------------------------------------

    @property
    def state(self) -> NodeState:
        return self.join.state()

    @property
    def disk(self) -> dict[str, bytes]:
        """Every file of the node but this program's own, PVE's journal of it and caches."""
        held: dict[str, bytes] = dict(self.node.disk.files)  # type: ignore[attr-defined]
        return {path: data for path, data in held.items() if not path.startswith((OWN, "var/log"))}

    @property
    def computers(self) -> list[str]:
        """Names of the domain's computer accounts, as adcli finds them."""
        argv = ("/usr/sbin/adcli", "show-computer", "-v", f"--domain={DOMAIN}")
        login = ("--login-user=Administrator", "--stdin-password")
        names = ("PVE1", "PVE1-RACK", "PVE2", "RACK")
        asks = (self.host.inner.ask((*argv, *login, name), stdin=_typed()) for name in names)
        return [name for name, said in zip(names, asks, strict=True) if said.code == 0]

    def breaks(self, step: Step) -> None:
        """That step does nothing when it comes, once."""
        left = [True]

        def comes(is_it: bool) -> bool:
            return is_it and bool(left) and left.pop()

        if isinstance(step, HostFile):
            which = (step.path, step.content)
            self.host.unwritable = lambda path, content: comes((path, content) == which)
        elif isinstance(step, HostStep):
            argv = step.argv
            self.host.fails = lambda asked: comes(tuple(asked) == argv)

    def mends(self) -> None:
        self.host.fails = self.host.complains = lambda argv: False
        self.host.unwritable = lambda path, content: False


def _typed() -> Secret:
    return Secret(f"{PASSWORD}\n")
