"""A plan of one change on the large cluster, and the guard's part of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.results import Result
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.guard import judge
from pve_auth_tui.core.intents import call, factors, removal, users
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.snapshots import SnapshotService

_ACL = ("access", "acl")
_CHANGES: Mapping[str, Intent] = {
    "disable a user": users.switch(["u05000@corp"], enable=False),
    "remove a user": users.remove(["u05000@corp"]),
    "remove a group": removal.remove([Key("group", "g0100")]),
    "add an ACL line": call.call(
        "PUT", _ACL, {"path": "/vms", "roles": "PVEAuditor", "groups": "ops-corp"}
    ),
    "make an administrator": call.call(
        "PUT", _ACL, {"path": "/", "roles": "Administrator", "users": "u05000@corp"}
    ),
    "add recovery keys": factors.add_recovery("carl@corp"),
    "unlock root@pam": factors.unlock("root@pam"),
}
_TURNS = 5


def measure(folder: Path, runs: int = 5) -> Sequence[Result]:
    """Each run is a process of its own; of the changes, the one that takes longest counts."""
    times = [_in_a_process(folder) for _ in range(runs)]
    medians = {name: median(run[name] for run in times) for name in times[0]}
    guard = medians.pop("guard")
    slowest = max(medians, key=lambda name: medians[name])
    return [
        Result("plan of one change", medians[slowest], "ms", 50, f"of {len(medians)}: {slowest}"),
        Result("guard", guard, "ms", 20, "of the same plans, the slowest"),
    ]


def _in_a_process(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.plans", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def _times(folder: Path) -> dict[str, float]:
    """Milliseconds by name. The picture is one that the lists have shown: its index is there.
    What is asked of the picture after the change is worked out anew each time.
    """
    clock = SystemClock()
    snapshot = SnapshotService(open_tree(folder, "files"), clock).load()
    if snapshot.access.value is None:
        raise SystemExit(snapshot.access.problem)
    acl_index(snapshot.access.value)
    now = clock.now()
    times = {
        name: _median(lambda intent=intent: make_plan(intent, snapshot, now=now))  # type: ignore[misc]
        for name, intent in _CHANGES.items()
    }
    guards = [_guard(intent, snapshot, now) for intent in _CHANGES.values()]
    return {**times, "guard": max(guards)}


def _guard(intent: Intent, snapshot: Snapshot, now: float) -> float:
    plan = make_plan(intent, snapshot, now=now)
    return _median(lambda: judge(plan.before, plan.after, plan.touched, now))


def _median(work: Callable[[], object]) -> float:
    """Milliseconds of one turn."""
    times = []
    for _ in range(_TURNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)


if __name__ == "__main__":
    print(json.dumps(_times(Path(sys.argv[1]))))
