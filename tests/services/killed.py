"""A program that kills itself (SIGKILL) at every point of a plan of two steps, one after another.

Argument: a folder. Below it each run leaves `N/`: `own` (journal, records), `run` (secrets) and
`node`, the files of its simulated node. The last run came to its end. Prints how many there were.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.adapters.journal import FileJournal
from pve_auth_tui.adapters.material import RunMaterial
from pve_auth_tui.adapters.saved import FileSaved
from pve_auth_tui.core.intents import factors, users
from pve_auth_tui.core.journal import Who
from pve_auth_tui.core.planning import together
from tests.services.workbench import Bench

URI = "otpauth://totp/x:bob?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=6&period=30"
USERS = "user:root@pam:1:0:::::\nuser:ann@pve:1:0:::::x:\nuser:bob@pve:1:0:::::x:\n"
PHONE = "11111111-1111-4111-8111-111111111111"
TFA = (
    f'{{"users":{{"bob@pve":{{"totp":[{{"id":"{PHONE}","description":"phone",'
    f'"created":1700000000,"entry":"{URI}"}}]}}}}}}'
)
WANTED = together([users.switch(["ann@pve"], enable=False), factors.remove("bob@pve", [PHONE])])


class Counter:
    """Ends the process at the n-th call."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Before it and after it."""

        def doing(*given: Any, **named: Any) -> Any:
            if given[0] == "GET":
                return act(*given, **named)
            self()
            answer = act(*given, **named)
            self()
            return answer

        return doing


def bench_in(folder: Path) -> Bench:
    """A bench whose node, journal and records lie below a folder; another run finds them again."""
    bench = Bench(users=USERS, tfa=TFA, folder=folder / "node")
    journal: Any = FileJournal(folder / "own/journal", Who("a test"), bench.clock)
    material = RunMaterial(bench.clock, folder / "run", lambda path, seconds: None)
    saved: Any = FileSaved(folder / "own", bench.clock, material=material)
    bench.journal, bench.saved = journal, saved
    bench.plans = bench.service(authenticator=PyotpAuthenticator())
    return bench


def run(folder: Path, at: int) -> None:
    """One run that dies at its `at`-th point, or comes to its end."""
    bench, count = bench_in(folder), Counter(at)
    plan = bench.review(WANTED)
    for thing, name in (
        (bench.journal, "write"),
        (bench.saved, "put"),
        (bench.saved, "put_material"),
        (bench.api, "call"),
    ):
        setattr(thing, name, count.around(getattr(thing, name)))
    bench.plans.apply(plan, override=plan.confirm)


def main(folder: Path) -> int:
    """How many runs there were."""
    for at in range(1000):
        place = folder / str(at)
        place.mkdir(mode=0o700)
        child = os.fork()
        if child == 0:
            run(place, at)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return at + 1
    raise AssertionError("it never came to its end")


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
