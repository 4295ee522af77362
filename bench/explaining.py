"""Why somebody may do something, who can, and what one ACL change does, on the large cluster."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median

from bench.results import Result
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core.aclindex import acl_index, permissions_of
from pve_auth_tui.core.intents import call
from pve_auth_tui.core.plan import Plan
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import Group, UserConfig
from pve_auth_tui.core.why.explain import explain
from pve_auth_tui.core.why.whatif import what_if
from pve_auth_tui.core.why.whocan import who_can
from pve_auth_tui.services.snapshots import SnapshotService

_SAMPLE = 400
_TURNS = 5
_EVERYBODY = "everybody"  # a group with all users
_GUEST = "/vms/1500"
_ENTRIES: Mapping[str, Mapping[str, str]] = {
    "one user on a guest": {"path": _GUEST, "roles": "PVEVMUser", "users": "u05000@corp"},
    "an administrator": {"path": "/", "roles": "Administrator", "users": "u05000@corp"},
    "everybody on a guest": {"path": _GUEST, "roles": "PVEAuditor", "groups": _EVERYBODY},
    "everybody on /": {"path": "/", "roles": "PVEAuditor", "groups": _EVERYBODY},
    "everybody on /vms, not passed on": {
        **{"path": "/vms", "roles": "PVEAuditor", "groups": _EVERYBODY},
        **{"propagate": "0"},
    },
}


def measure(folder: Path, runs: int = 5) -> Sequence[Result]:
    """Each run is a process of its own; of the changes, the one that takes longest counts."""
    times = [_in_a_process(folder) for _ in range(runs)]
    medians = {name: median(run[name] for run in times) for name in times[0]}
    slowest = max(_ENTRIES, key=lambda name: medians[name])
    return [
        Result("explain", medians["explain"], "ms", 1, f"of {_SAMPLE} people and paths"),
        Result("who can", medians["who can"], "ms", 100, "on /, where all 10,000 can"),
        Result("what if", medians[slowest] / 1000, "s", 1, f"of {len(_ENTRIES)}: {slowest}"),
    ]


def _in_a_process(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.explaining", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def _times(folder: Path) -> dict[str, float]:
    """Milliseconds by name. The picture is one that the lists have shown: its index is there.
    Who can and what if use none of it.
    """
    clock = SystemClock()
    snapshot = SnapshotService(open_tree(folder, "files"), clock).load()
    config = snapshot.access.value
    if config is None:
        raise SystemExit(snapshot.access.problem)
    now = clock.now()
    grouped = _with_everybody(snapshot, config)
    plans = {name: _plan(grouped, entry, now) for name, entry in _ENTRIES.items()}
    after = plans["everybody on /"].after
    times = {
        name: _median(lambda plan=plan: what_if(plan.before, plan.after, now=now))  # type: ignore[misc]
        for name, plan in plans.items()
    }
    times["who can"] = _median(lambda: who_can(after, "VM.Audit", "/", now=now))
    times["explain"] = _explain(snapshot, config, now)
    return times


def _with_everybody(snapshot: Snapshot, config: UserConfig) -> Snapshot:
    """The same cluster with a group that has all users as members."""
    group = Group(_EVERYBODY, tuple(sorted(config.users)))
    groups_of = {who: (*config.groups_of.get(who, ()), group.id) for who in group.members}
    grown = replace(config, groups={**config.groups, group.id: group}, groups_of=groups_of)
    return replace(snapshot, access=snapshot.access._replace(value=grown))


def _plan(snapshot: Snapshot, entry: Mapping[str, str], now: float) -> Plan:
    return make_plan(call.call("PUT", ("access", "acl"), entry), snapshot, now=now)


def _explain(snapshot: Snapshot, config: UserConfig, now: float) -> float:
    acl_index(config)
    permissions_of(config)
    people = list(islice(config.users, 0, None, len(config.users) // _SAMPLE))
    paths = list(islice((entry.path for entry in config.acl), 0, None, len(config.acl) // _SAMPLE))
    return median(
        _milliseconds(lambda who=who, path=path: explain(snapshot, who, path, "VM.Audit", now=now))  # type: ignore[misc]
        for who, path in zip(people, paths, strict=False)
    )


def _median(work: Callable[[], object]) -> float:
    return median(_milliseconds(work) for _ in range(_TURNS))


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    print(json.dumps(_times(Path(sys.argv[1]))))
