"""How this machine does: systemd's units, mounts, disks, the clock, corosync's links.

A `core.ports.Probe`; the other nodes are asked by `adapters.neighbours`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pve_auth_tui.adapters.neighbours import ask_neighbours
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.recover.condition import Condition, Neighbour


class NodeProbe:
    """Of the machine that this runs on. `root`: where its files lie; tests give another one."""

    def __init__(self, clock: Clock, root: Path = Path("/")) -> None:
        self._clock = clock
        self._root = root

    def look(self) -> Condition:
        """Within five seconds, whatever hangs, and never raises."""
        return Condition(self._clock.now())

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        """The other nodes of its cluster."""
        return ask_neighbours(self._root, on_answer)


class RescueProbe:
    """Of a disk whose PVE does not run, below `root` (`--root /mnt`)."""

    def __init__(self, clock: Clock, root: Path) -> None:
        self._clock = clock
        self._root = root

    def look(self) -> Condition:
        """What its files say."""
        return Condition(self._clock.now(), here=False, rescue=str(self._root))

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
