"""How the simulated node's machine does, from its faults. A `core.ports.Probe`.

It is as the drawing of Recover without quorum has it: one link over ens5f0, the other nodes also
on the network of the web interface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final

from pve_auth_tui.core.cluster import full_name, node_name, parse_corosync
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.recover.condition import (
    SERVICES,
    Condition,
    Ha,
    Link,
    Neighbour,
    Pmxcfs,
    Service,
    Votes,
)
from pve_auth_tui.core.recover.condition import Disk as Space
from pve_auth_tui.core.unixshadow import Shadow, usable_names
from pve_auth_tui.simnode import units
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.rack_host import NODES

DATABASE: Final = "/var/lib/pve-cluster/config.db"
PID: Final = 1184
LOCAL_PID: Final = 20114  # somebody started that one by hand
AHEAD: Final = 180.0  # seconds that a wrong clock is ahead of the others
WEB_PORT: Final = 8006

_COROSYNC: Final = "etc/pve/corosync.conf"
_INTERFACE: Final = "ens5f0"
_GIB: Final = 1 << 30
_SIZE: Final = 64 * _GIB
_FREE: Final = 55 * _GIB  # as `handlers.nodes` has it


class SimProbe:
    """Nothing real is looked at."""

    def __init__(self, disk: Disk, faults: Faults, clock: Clock) -> None:
        self._disk = disk
        self._faults = faults
        self._clock = clock

    def look(self) -> Condition:
        """At once."""
        faults, clustered = self._faults, bool(self._nodes)
        return Condition(
            self._clock.now(),
            node=self._name,
            services={unit: self._service(unit) for unit in SERVICES},
            mount=units.mount(faults),
            pmxcfs=self._pmxcfs(),
            database=DATABASE,
            clustered=clustered,
            disks=(Space("/", 0 if faults.disk_full else _FREE, _SIZE),),
            synchronised=not faults.clock_wrong,
            shadow=self._shadow(),
            links=self._links(),
            votes=self._votes(),
            ha=self._ha() if clustered else Ha(),
        )

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        """The other nodes of the demo cluster."""
        found = tuple(self._neighbour(name) for name in self._nodes if name != self._name)
        for one in found:
            on_answer(one)
        return found

    @property
    def _name(self) -> str:
        return node_name((self._disk.read("etc/hostname") or b"").decode()) or "pve1"

    @property
    def _nodes(self) -> tuple[str, ...]:
        return parse_corosync(self._disk.read(_COROSYNC) or b"").nodes

    def _service(self, unit: str) -> Service:
        state = units.state(self._faults, unit)
        alone = unit == units.COROSYNC and not self._nodes  # installed, and has no condition to run
        return Service.STOPPED if alone and state is Service.RUNS else state

    def _pmxcfs(self) -> Pmxcfs | None:
        if not units.has_process(self._faults):
            return None
        local = self._faults.local_mode
        return Pmxcfs(LOCAL_PID if local else PID, local)

    def _shadow(self) -> Shadow:
        names = usable_names(self._disk.read("etc/shadow") or b"", self._clock.now())
        return Shadow.SET if "root" in names else Shadow.NONE

    def _links(self) -> tuple[Link, ...]:
        if not self._nodes:
            return ()
        faults = self._faults
        told = () if "corosync" in faults.dead else self._nodes  # nobody else knows of connections
        peers = {name: not faults.alone for name in told if name != self._name}
        address = _ring(self._nodes, self._name)
        return (Link(0, address, _INTERFACE, faults.quorate, MappingProxyType(peers)),)

    def _votes(self) -> Votes | None:
        if not self._nodes or "corosync" in self._faults.dead:
            return None  # nobody counts
        count = len(self._nodes)
        present = 1 if self._faults.alone else count
        expected = max(self._faults.expected or count, present)
        return Votes(present, expected, expected // 2 + 1)

    def _ha(self) -> Ha:
        """Two of its services stood here last; without quorum this node guards none any more."""
        guards = units.state(self._faults, "pve-ha-lrm") is Service.RUNS
        return Ha(2, 2, guards and self._faults.has_quorum)

    def _neighbour(self, name: str) -> Neighbour:
        ring, address = _ring(self._nodes, name), NODES.get(name, "")
        asked = tuple(filter(None, (ring, address)))
        if self._faults.others_dead:
            why = f"nobody answers at {', '.join(asked)}"
            return Neighbour(name, alive=False, asked=asked, why=why)
        ours = full_name(self._name, self._disk.read("etc/hosts") or b"")
        domain = ours.partition(".")[2]
        host = f"{name}.{domain}" if domain else address
        return Neighbour(
            name,
            alive=True,
            quorate=True,
            address=address,
            asked=asked,
            web=f"https://{host}:{WEB_PORT}",
            ahead=-AHEAD if self._faults.clock_wrong else 0.0,
        )


def _ring(nodes: Sequence[str], name: str) -> str:
    """Corosync's address, as `rack_host` writes it."""
    return f"10.0.0.{nodes.index(name) + 1}" if name in nodes else ""
