"""systemd's units on the simulated node: how they do, and what starting and stopping makes of it.

Its corosync is dead for good where a story killed it, as with a broken corosync.conf; one that
was stopped starts again. What systemd does of pve-cluster: pve-cluster.service of pve-cluster 9
(it ends what does not end by itself, and pmxcfs takes a dead mount away when it starts).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.recover.condition import Mount, Service
from pve_auth_tui.simnode import faults as fault
from pve_auth_tui.simnode.faults import Faults

PVE_CLUSTER: Final = "pve-cluster"
COROSYNC: Final = "corosync"
KNOWN: Final = frozenset(
    {
        *(PVE_CLUSTER, COROSYNC, "pvedaemon", "pveproxy", "pvestatd", "pvescheduler"),
        *("pve-ha-crm", "pve-ha-lrm", "watchdog-mux", "chrony", "cron", "postfix", "sshd"),
        *("pve-firewall", "spiceproxy", "systemd-journald"),
    }
)

_MAIN: Final[Mapping[str, fault.Service]] = {
    PVE_CLUSTER: "pmxcfs",
    COROSYNC: "corosync",
    "pvedaemon": "pvedaemon",
    "pveproxy": "pveproxy",
}
_NEED_PMXCFS: Final = frozenset({"pveproxy", "pvedaemon", "pvestatd", "pvescheduler", "pve-ha-crm"})


def state(faults: Faults, unit: str) -> Service:
    """As `systemctl show` says it."""
    if unit not in KNOWN:
        return Service.ABSENT
    if unit in faults.stopped:
        return Service.STOPPED
    if unit == PVE_CLUSTER and (faults.lingers or faults.local_mode):
        return Service.RUNS if faults.lingers else Service.FAILED
    return Service.FAILED if _MAIN.get(unit) in faults.dead else Service.RUNS


def mount(faults: Faults) -> Mount:
    """What /etc/pve is."""
    if "mount" in faults.dead:
        return Mount.BROKEN if "pmxcfs" in faults.dead else Mount.HANGS
    return Mount.BARE if "pmxcfs" in faults.dead else Mount.ANSWERS


def has_process(faults: Faults) -> bool:
    """Whether any pmxcfs runs, however it does."""
    return "pmxcfs" not in faults.dead or faults.lingers


def start(faults: Faults, unit: str) -> bool:
    """False where systemd says that its job failed. What runs is left alone."""
    if state(faults, unit) is Service.RUNS:
        return True
    if not _starts(faults, unit):
        return False
    if unit in _MAIN:
        faults.dead.discard(_MAIN[unit])
    if unit == PVE_CLUSTER:
        faults.dead.discard("mount")
    faults.stopped.discard(unit)
    return True


def _starts(faults: Faults, unit: str) -> bool:
    if unit == PVE_CLUSTER:
        return not has_process(faults) and not faults.disk_full  # its lock file, its database
    if unit == COROSYNC:
        return unit in faults.stopped
    return unit not in _NEED_PMXCFS or mount(faults) is Mount.ANSWERS


def stop(faults: Faults, unit: str) -> None:
    """What does not run stays as it is; a pmxcfs started by hand is none of systemd's."""
    if state(faults, unit) is not Service.RUNS:
        return
    if unit in _MAIN:
        faults.dead.add(_MAIN[unit])
    if unit == COROSYNC:
        faults.expected = 0  # a word of the running corosync
    if unit == PVE_CLUSTER:
        faults.lingers = False
    faults.stopped.add(unit)
