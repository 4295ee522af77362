"""How the machine behind a node does, as far as it decides who gets in and what can be written.

It is looked at without PVE's API, which may be what is dead (`core.ports.Probe`). Everything may
be unknown: None, or UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from pve_auth_tui.core.unixshadow import Shadow


class Service(Enum):
    """How systemd sees a unit. FAILED: it ended with an error, or is started over and over."""

    RUNS = "runs"
    STOPPED = "stopped"
    FAILED = "failed"
    ABSENT = "not installed"
    UNKNOWN = "not known"


class Mount(Enum):
    """What /etc/pve is. HANGS: it takes a request and does not answer. BROKEN: it answers
    `Transport endpoint is not connected`, as when pmxcfs was killed. BARE: a plain folder.
    """

    ANSWERS = "answers"
    HANGS = "hangs"
    BROKEN = "broken"
    BARE = "not mounted"
    UNKNOWN = "not known"


SERVICES: Final = (
    *("corosync", "pve-cluster", "pvedaemon", "pveproxy"),
    *("pve-ha-crm", "pve-ha-lrm", "watchdog-mux", "corosync-qdevice"),
)
"""The units that are looked at, in this order; of the HA manager and the QDevice a node may have
none.
"""


class Disk(NamedTuple):
    """Of the file system at `path`: bytes free for root, bytes in all."""

    path: str
    free: int
    size: int
    read_only: bool = False

    @property
    def is_full(self) -> bool:
        """Nothing of use can be written any more."""
        return self.size > 0 and self.free <= min(self.size // 50, 16 * 1024**2)


class Link(NamedTuple):
    """A corosync link of this node. `address`: its own one; `interface`: which has that address,
    "" if none; `carrier`: whether its cable has a signal (without an interface: False; None when
    interfaces are not known). `peers`: node -> connected over it. `ports`: the devices below a
    bridge, bond or VLAN that lead out of this node; the cables are in these.
    """

    number: int
    address: str = ""
    interface: str = ""
    carrier: bool | None = None
    peers: Mapping[str, bool] = MappingProxyType({})
    ports: tuple[str, ...] = ()


class Votes(NamedTuple):
    """What votequorum counts. `two_node`: corosync.conf says so. `device`: a QDevice gives a vote
    now; None without one.
    """

    present: int | None = None
    expected: int | None = None
    needed: int | None = None
    two_node: bool = False
    device: bool | None = None


class Neighbour(NamedTuple):
    """Another node of the cluster, as it answered. `alive`: it surely runs (True), nobody answered
    at any address (False; it may run all the same), or that is not known (None): with `why` it was
    asked and that is not settled, without it was not asked yet.

    `quorate`: what it says of itself. `address`: the one that answered; `asked`: all that were.
    `web`: its https address for browsers, where pveproxy answers. `ahead`: its clock, in seconds
    before ours. `why`: why nothing more is known, in a clause.
    """

    name: str
    alive: bool | None = None
    quorate: bool | None = None
    address: str = ""
    asked: tuple[str, ...] = ()
    web: str = ""
    ahead: float | None = None
    why: str = ""


class Ha(NamedTuple):
    """`services`: managed by HA, in all; `here`: of these on this node; `watchdog`: an armed one
    resets this node when it loses quorum or its services stop.
    """

    services: int = 0
    here: int = 0
    watchdog: bool | None = None


class Pmxcfs(NamedTuple):
    """The process that serves /etc/pve. `local`: it was started with -l, without the cluster."""

    pid: int
    local: bool = False


@dataclass(frozen=True)
class Condition:
    """`here`: this program runs on the node itself; where not (`--root`, `--host`) most is unknown.

    `node`: its name. `rescue`: the folder whose PVE this is, with `--root`. `pmxcfs` is None when
    no such process runs; `database` the path of config.db, "" where there is none; `clustered`: the
    database holds a corosync.conf (it decides, reference/transports.md). `synchronised`: the clock
    follows a time server. `links` None: not known, () none configured. `trouble`: sentences on what
    could not be looked at, and why.
    """

    taken_at: float
    here: bool = True
    node: str = ""
    rescue: str = ""
    services: Mapping[str, Service] = field(default_factory=dict)
    mount: Mount = Mount.UNKNOWN
    pmxcfs: Pmxcfs | None = None
    database: str = ""
    clustered: bool | None = None
    disks: tuple[Disk, ...] = ()
    synchronised: bool | None = None
    shadow: Shadow = Shadow.UNKNOWN
    links: tuple[Link, ...] | None = None
    votes: Votes | None = None
    ha: Ha | None = None
    neighbours: tuple[Neighbour, ...] = ()
    trouble: tuple[str, ...] = ()

    def service(self, name: str) -> Service:
        """Of a unit in SERVICES."""
        return self.services.get(name, Service.UNKNOWN)

    @property
    def alive(self) -> tuple[Neighbour, ...]:
        """Other nodes that surely run."""
        return tuple(one for one in self.neighbours if one.alive)

    @property
    def with_quorum(self) -> tuple[Neighbour, ...]:
        """Other nodes that say that they have quorum."""
        return tuple(one for one in self.alive if one.quorate)
