"""How the simulated node's machine does, from its faults. A `core.ports.Probe`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.recover.condition import Condition, Neighbour
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults


class SimProbe:
    """Nothing real is looked at."""

    def __init__(self, disk: Disk, faults: Faults, clock: Clock) -> None:
        self._disk = disk
        self._faults = faults
        self._clock = clock

    def look(self) -> Condition:
        """At once."""
        return Condition(self._clock.now())

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        """The other nodes of the demo cluster."""
        return ()
