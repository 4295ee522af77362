"""A house whose plans run at once, and a door that knows one user: for the screens of factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pve_auth_tui
from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.keepsake import Keepsake
from pve_auth_tui.adapters.proofs import MemoryProofs
from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import AuthTuiError, LoginRefused
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.enrol import EnrolService
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.services.prove import ProveService
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.terminal.profile import Profile
from pve_auth_tui.wiring import wired
from tests.screens.conftest import UNICODE, BothAtOnce

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
GROUPS = "JBSW Y3DP EHPK 3PXP"
KEYS = [f"{n:04x}-1111-2222-{n:04x}" for n in range(0xA0, 0xAA)]
PASSWORD = "correct horse"
USER = "anna.admin@corp"


class SteadyAuthenticator(PyotpAuthenticator):
    """Always the same secret, so that pictures are the same."""

    def new_secret(self) -> Secret:
        return Secret(SECRET)


@dataclass
class OneDoor:
    """Takes PASSWORD, then asks for `asks`, then takes any of `takes`."""

    asks: Challenge = field(default_factory=lambda: Challenge(totp=True, recovery=(0, 3, 7)))
    takes: tuple[str, ...] = ()
    attempts: int = 0
    address: str = "https://pve1.example.com:8006"

    def login(
        self, userid: str, password: Secret, second: Callable[[Challenge], Secret | None]
    ) -> None:
        self.attempts += 1
        if password.reveal() != PASSWORD:
            raise LoginRefused("PVE refused this login.", "PVE never says why.", "401")
        if self.asks.kinds:
            answer = second(self.asks)
            if answer is None:
                raise LoginRefused("Nobody answered.", "Nothing was sent.")
            if answer.reveal() not in self.takes:
                raise LoginRefused("PVE refused this login.", "PVE never says why.", "401")


class Done(NamedTuple):
    """As much of a report as screens look at."""

    ok: bool
    results: tuple[Any, ...]


class House(PveAuthApp):
    """Notes what would be reviewed; `runs` tells what comes of it: `ok`, `differs`
    (done, and not as foretold), `failed`, `left`."""

    CSS_PATH = str(Path(pve_auth_tui.__file__).with_name("app.tcss"))
    door: OneDoor
    runs = "ok"

    @property
    def workshop(self) -> Any:
        return self._shop

    def open_shop(self, shop: Any) -> None:
        self._shop = shop
        self.drafts_made: list[Draft] = []
        self.recovery_answer: Any = {"id": "recovery", "recovery": KEYS}

    def review(
        self,
        intent: Intent,
        on_done: Callable[[Any], None] | None = None,
        on_problem: Callable[[AuthTuiError], None] | None = None,
    ) -> None:
        assert on_done
        assert on_problem
        try:
            assert self.snapshot
            self.drafts_made.append(intent(self.snapshot))
        except AuthTuiError as error:
            on_problem(error)
            return
        if self.runs == "left":
            on_done(None)
            return
        results = tuple(
            SimpleNamespace(step=step, answer=self._answer(step))
            for step in self.drafts_made[-1].steps
        )
        on_done(Done(self.runs == "ok", () if self.runs == "failed" else results))

    def _answer(self, step: Any) -> Any:
        if isinstance(step, ApiCall) and step.params.get("type") == "recovery":
            return self.recovery_answer
        return None


def house(tmp_path: Path, profile: Profile = UNICODE) -> House:
    """The demo cluster with services that are real but for the door and chance."""
    clock, authenticator = FixedClock(DEMO_NOW), SteadyAuthenticator()
    pictures, nodes, stories = wired(parse(["demo"]), clock)[:3]
    app = House(BothAtOnce(pictures, nodes), profile, Exports(StateFolder(tmp_path)), stories)
    app.door = OneDoor()
    app.open_shop(
        SimpleNamespace(
            enrol=EnrolService(authenticator, clock),
            prove=ProveService(lambda: app.door, authenticator, clock),
            keepsake=Keepsake(never=()),
            proofs=MemoryProofs(),
            demo_login="",
            clock=clock,
        )
    )
    return app
