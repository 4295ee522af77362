"""A program that kills itself (SIGKILL) at every point of a plan of three steps on the node.

Argument: a folder. Below it each run leaves `N/`: `own` (journal, what the command said), `root`
(the node's files). The last run came to its end. Prints how many there were.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from pve_auth_tui.adapters.hostrecords import FileRecords
from pve_auth_tui.adapters.hostsystem import SystemHost
from pve_auth_tui.adapters.journal import FileJournal
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.core.host.goals import FileIs
from pve_auth_tui.core.journal import Who
from pve_auth_tui.core.plan import Draft, Effect, HostFile, HostStep
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.hoststeps import HostSteps
from tests.services.killed import Counter
from tests.services.workbench import Bench

CONTENT = "access_provider = deny\n"
SECRET = "Secr3t-of-AD"
_DIGEST = sha256(CONTENT.encode()).hexdigest()


def wanted(root: Path) -> Draft:
    """A file is made, copied by a command, and removed."""
    made, copy = "/etc/made", "/etc/copy"
    argv = ("/usr/bin/cp", "--verbose", f"{root}{made}", f"{root}{copy}")
    return Draft(
        "make, copy, remove",
        (
            HostFile(made, CONTENT, 0o600),
            HostStep(argv, Secret(f"{SECRET}\n"), goal=FileIs(copy, _DIGEST)),
            HostFile(made, None, expected=_DIGEST),
        ),
        told=(Effect(copy, "is there then"),),
    )


def done_in(folder: Path) -> list[bool]:
    """Of the three steps, which were carried out."""
    made, copy = (folder / "root/etc" / name for name in ("made", "copy"))
    return [made.exists() or copy.exists(), copy.exists(), copy.exists() and not made.exists()]


def journal_in(folder: Path, bench: Bench) -> FileJournal:
    return FileJournal(folder / "own/journal", Who("a test"), bench.clock)


def run(folder: Path, at: int) -> None:
    """One run that dies at its `at`-th point, or comes to its end."""
    root = folder / "root"
    (root / "etc").mkdir(parents=True)
    (folder / "own").mkdir(mode=0o700)
    bench, count = Bench(), Counter(at)
    host = SystemHost(root)
    records = FileRecords(folder / "own", bench.clock)
    journal: Any = journal_in(folder, bench)
    bench.journal = journal
    steps = HostSteps(host, records)
    runner = StepRunner(lambda: None, host_steps=steps)
    plans = bench.service()
    plan = bench.review(lambda snapshot: wanted(root))
    for thing, name in (
        (journal, "write"),
        (bench.saved, "put"),
        (host, "ask"),
        (host, "write"),
        (records, "begin"),
    ):
        setattr(thing, name, count.around(getattr(thing, name)))
    report = plans.apply(plan, runner=runner)
    assert report.ok


def main(folder: Path) -> int:
    """How many runs there were."""
    for at in range(1000):
        place = folder / str(at)
        place.mkdir(mode=0o700)
        child = os.fork()
        if child == 0:
            run(place, at)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == 0:
            return at + 1
        if code > 0:
            break
    raise AssertionError("it never came to its end")


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
