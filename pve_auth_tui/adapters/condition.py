"""How this machine does: systemd's units, mounts, disks, the clock, corosync's links.

`core.ports.Probe`s; the other nodes are asked by `adapters.neighbours`. Everything is asked at the
same time, in threads that nobody waits for longer than there is time, and what may hang is touched
by children alone. PVE's API is not used: it may be what is dead.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.conditioncluster import local_files, network, pve_files
from pve_auth_tui.adapters.conditionhost import (
    DISKS,
    Processes,
    clock,
    disks,
    mount_of,
    mounts,
    processes,
    services,
)
from pve_auth_tui.adapters.conditionrun import Run, Runner
from pve_auth_tui.adapters.conditionwait import Found, begun, gathered
from pve_auth_tui.adapters.neighbours import ask_neighbours
from pve_auth_tui.core.cluster import node_name
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.recover.condition import Condition, Mount, Neighbour
from pve_auth_tui.core.recover.hosttextproc import MountLine

_SECONDS: Final = 4.5  # of the five that the port allows
# Shares of it. What is asked after something else has the rest.
_FIRST, _SECOND, _ALONE = 0.4, 0.5, 0.8
_FOLDER: Final = "etc/pve"


class NodeProbe:
    """Of the machine that this runs on. Tests give another `root` for its files, another `run` for
    its commands, another `/proc` and more or fewer `seconds`.
    """

    def __init__(
        self,
        clock: Clock,
        root: Path = Path("/"),
        *,
        run: Run | None = None,
        proc: Path = Path("/proc"),
        node: str = "",
        seconds: float = _SECONDS,
    ) -> None:
        self._clock = clock
        self._root = root
        self._run = run or Runner()  # kept: it knows which children still hang
        self._proc = proc
        self._node = node or node_name(os.uname().nodename)
        self._seconds = seconds

    def look(self) -> Condition:
        """Within five seconds, whatever hangs, and never raises."""
        now, until = self._clock.now(), time.monotonic() + self._seconds
        first, second, alone = (self._seconds * share for share in (_FIRST, _SECOND, _ALONE))
        run, root = self._run, self._root
        seen = begun(lambda: processes(self._proc))
        table = begun(lambda: mounts(self._proc))
        local = begun(lambda: local_files(root, now, first))
        mount = begun(lambda: mount_of(run, root / _FOLDER, table.result(), first))
        folders = [root / one for one in DISKS]

        def seen_or_none() -> Processes | None:
            try:
                return seen.result(second)
            except (OSError, TimeoutError):
                return None

        def mounted_or_none() -> tuple[MountLine, ...]:
            try:
                return table.result(second)
            except (OSError, TimeoutError):
                return ()

        def mount_now() -> Mount:
            try:
                found: Mount = mount.result(second).fields.get("mount", Mount.UNKNOWN)
            except (OSError, TimeoutError):
                return Mount.UNKNOWN
            return found

        looks: dict[str, Callable[[], Found]] = {
            "Processes": lambda: Found({"pmxcfs": seen.result().pmxcfs}),
            "The services": lambda: services(run, seen_or_none(), alone),
            f"{root / _FOLDER}": mount.result,
            "The files of this system": lambda: local.result().found(),
            "The disks": lambda: disks(run, folders, mounted_or_none(), alone),
            "The clock": lambda: clock(run, alone),
            "The network": lambda: network(run, self._node, local.result(), second),
            "The cluster's files": lambda: pve_files(
                root, self._node, mount_now(), local.result(), second
            ),
        }
        found = gathered({name: begun(look) for name, look in looks.items()}, until)
        return Condition(now, node=self._node, trouble=found.trouble, **found.fields)

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        """The other nodes of its cluster."""
        return ask_neighbours(self._root, on_answer)


class RescueProbe:
    """Of a disk whose PVE does not run, below `root` (`--root /mnt`)."""

    def __init__(self, clock: Clock, root: Path, *, seconds: float = _SECONDS) -> None:
        self._clock = clock
        self._root = root
        self._run = Runner()
        self._seconds = seconds

    def look(self) -> Condition:
        """What its files say, and the disk that they lie on; within five seconds, never raises."""
        now, until = self._clock.now(), time.monotonic() + self._seconds
        first, second, root = self._seconds * _FIRST, self._seconds * _SECOND, self._root
        local = begun(lambda: local_files(root, now, first))
        looks: dict[str, Callable[[], Found]] = {
            "The files of that system": lambda: local.result().found(),
            "Its name": lambda: Found({"node": local.result().node}),
            "Its disk": lambda: disks(self._run, [root], (), first),
            "The cluster's files": lambda: pve_files(
                root, local.result().node, Mount.UNKNOWN, local.result(), second
            ),
        }
        found = gathered({name: begun(look) for name, look in looks.items()}, until)
        fields = found.fields | {"ha": None}  # nothing runs there
        return Condition(now, here=False, rescue=str(root), trouble=found.trouble, **fields)

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        """Nobody: a rescue system is no member of the cluster."""
        return ()


class FarProbe:
    """Of a node that is reached over https alone (`--host`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def look(self) -> Condition:
        """Nothing but the time."""
        return Condition(self._clock.now(), here=False)

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        """Nobody: PVE tells over its API which nodes are online."""
        return ()
