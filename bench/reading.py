"""Reading the large cluster, and asking what its users may do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

from bench.results import Result
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.services.snapshots import SnapshotService

_SAMPLE = 400


def measure(folder: Path, runs: int = 7) -> Sequence[Result]:
    """Each run is a process of its own: nothing is remembered from one to the next."""
    times = [_in_a_process(folder) for _ in range(runs)]
    read, everywhere, one = (median(run[name] for run in times) for name in times[0])
    return [
        Result("read 10,000 users", read, "s", 0.4),
        Result("all paths of one user", everywhere, "ms", 15, "the one with the most, asked first"),
        Result("one path of one user", one, "ms", 0.2, f"of {_SAMPLE} people and paths"),
    ]


def _in_a_process(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.reading", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def _times(folder: Path) -> dict[str, float]:
    service = SnapshotService(open_tree(folder, "files"), SystemClock())
    start = time.perf_counter()
    snapshot = service.load()
    read = time.perf_counter() - start
    config = snapshot.access.value
    if config is None:
        raise SystemExit(snapshot.access.problem)
    permissions = Permissions(config)
    # people and paths from all over the file, each asked about once
    people = list(islice(config.users, 0, None, len(config.users) // _SAMPLE))
    paths = list(islice((entry.path for entry in config.acl), 0, None, len(config.acl) // _SAMPLE))
    one = _median(permissions.privileges, zip(people, paths, strict=False))
    most = max(people, key=lambda person: len(permissions.all_paths(person)))
    everywhere = _median(lambda: Permissions(config).all_paths(most), [()] * 5)
    return {"read": read, "everywhere": 1000 * everywhere, "one": 1000 * one}


def _median(ask: Callable[..., object], questions: Iterable[tuple[str, ...]]) -> float:
    """Seconds that an answer takes."""
    times = []
    for question in questions:
        start = time.perf_counter()
        ask(*question)
        times.append(time.perf_counter() - start)
    return median(times)


if __name__ == "__main__":
    print(json.dumps(_times(Path(sys.argv[1]))))
