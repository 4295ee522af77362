"""PVE's API: what the bridge adds to each call, and the whole picture of the demo cluster."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench.results import Result
from pve_auth_tui.adapters.bridge import PERL, Bridge
from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.services.apipicture import ApiPicture
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources

_STAND_IN: Final = Path("tests/adapters/standin")
_CALLS: Final = 500
_OWN_TIME: Final = f"""
use Time::HiRes qw(time);
use PVE::API2;
my $start = time();
for (1 .. {_CALLS}) {{
    my $uri = {{}};
    my ($class, $info) = PVE::API2->find_handler('GET', 'access/users', $uri);
    $class->handle($info, {{}});
}}
printf "%.9f\\n", (time() - $start) / {_CALLS};
"""


def measure() -> Sequence[Result]:
    return [_bridge(), _picture()]


def _bridge() -> Result:
    """One reading through the pipe, less what the stand-in modules take for it themselves."""
    own = subprocess.run(
        [PERL, f"-I{_STAND_IN}", "-e", _OWN_TIME],
        check=True,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    bridge = Bridge(include=_STAND_IN.resolve(), euid=lambda: 0)
    try:
        bridge.start()
        there = _median(lambda: bridge.call("GET", ("access", "users")), _CALLS)
    finally:
        bridge.close()
    over = 1000 * (there - float(own.stdout))
    return Result("bridge, round trip", over, "ms", 2, "over the stand-in's own time")


def _picture() -> Result:
    """With the files read before, as on a node: every subject is asked for and compared."""
    tree = demo_tree()
    disk = MemoryDisk({path: tree.read(path) for path in tree.paths})
    clock = FixedClock(DEMO_NOW)
    api = DirectApi(SimNode(disk, system_sources(clock)))
    before = SnapshotService(tree, clock).load()
    picture = ApiPicture(api, clock)
    seconds = _median(lambda: picture.load(before), 5)
    return Result("picture of the demo by API", seconds, "s", 0.5, "212 users, in process")


def _median(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)
