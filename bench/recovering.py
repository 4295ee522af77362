"""What Recover works out at each look, and the survivability matrix, on the large cluster."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from bench.results import Result
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.condition import NodeProbe
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core.node import node_of
from pve_auth_tui.core.recover.diagnosis import diagnose
from pve_auth_tui.core.recover.have import guessed, questions
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.ways import ways_back
from pve_auth_tui.core.survive.survival import survival
from pve_auth_tui.services.snapshots import SnapshotService

_TURNS = 5


def measure(folder: Path, runs: int = 5) -> Sequence[Result]:
    """Each run is a process of its own."""
    times = [_in_a_process(folder) for _ in range(runs)]
    told, look, matrix = (median(run[name] for run in times) for name in times[0])
    return [
        Result("recover", told, "ms", 15, "what is wrong, and the ways back"),
        Result("look", look / 1000, "s", 1, "at this machine, where nothing hangs"),
        Result("survive", matrix / 1000, "s", 0.1, "the ways in of a cluster with 10,000 users"),
    ]


def _in_a_process(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.recovering", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def _times(folder: Path) -> dict[str, float]:
    """Milliseconds by name."""
    clock = SystemClock()
    snapshot = SnapshotService(open_tree(folder, "files"), clock).load()
    probe = NodeProbe(clock)
    situation = Situation(snapshot, node_of(snapshot), probe.look(), "root@pam", clock.now())

    def told() -> object:
        return diagnose(situation), ways_back(situation, guessed(questions(situation)))

    return {
        "told": _median(told),
        "look": _median(probe.look),
        "matrix": _median(lambda: survival(snapshot, clock.now())),
    }


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_TURNS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return median(times)


if __name__ == "__main__":
    print(json.dumps(_times(Path(sys.argv[1]))))
