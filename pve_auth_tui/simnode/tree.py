"""The simulated node's files as a rung of its own: what is on the disk, seen through its faults."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults

_PVE = "etc/pve"
_MEMBERS = "etc/pve/.members"
_LOCKS = "etc/pve/priv/lock"
_OF_PMXCFS = (_MEMBERS, "etc/pve/.vmlist")  # made by the running pmxcfs, in no database
_NEXT = "See `systemctl status pve-cluster`, or mend it with :demo."


class SimTree:
    """A `core.ports.LiveTree` over a Disk; /etc/pve is as dead as the faults say.

    With `database` it is what config.db holds: that can be read whatever has died, and tells
    nothing of a running cluster.
    """

    def __init__(self, disk: Disk, faults: Faults, *, database: bool = False) -> None:
        self._disk = disk
        self._faults = faults
        self._database = database

    @property
    def source(self) -> str:
        return "config.db" if self._database else "files"

    def read(self, path: str) -> bytes:
        self._require_mount(path)
        data = None if self._database and path in _OF_PMXCFS else self._disk.read(path)
        if data is None:
            if self._disk.names(path):
                raise Unreadable(f"/{path} is a folder, not a file.")
            raise Missing(f"/{path} is not there.")
        return self._members(data) if path == _MEMBERS else data

    def names(self, folder: str) -> Sequence[str]:
        self._require_mount(folder)
        if folder == _LOCKS and not self._database:
            return sorted({*self._disk.names(folder), *self._faults.held_locks})
        return self._disk.names(folder)

    def owner_may_write(self, path: str) -> bool:
        """Modes are pmxcfs's: the database has none."""
        self._require_mount(path)
        if self._database:
            raise Missing(f"config.db holds no modes, of /{path} neither.")
        return self._faults.writable

    def _require_mount(self, path: str) -> None:
        if self._database or not f"{path}/".startswith(f"{_PVE}/"):
            return
        if "mount" in self._faults.dead and "pmxcfs" in self._faults.dead:
            raise Unreadable("/etc/pve is broken: Transport endpoint is not connected.", _NEXT)
        if "mount" in self._faults.dead:
            raise Unreadable("/etc/pve does not answer: whoever asks it waits.", _NEXT)
        if "pmxcfs" in self._faults.dead:
            raise Unreadable("/etc/pve is not mounted: pmxcfs does not run.", _NEXT)

    def _members(self, data: bytes) -> bytes:
        """As pmxcfs writes it: it speaks of a cluster only while corosync does (transports.md)."""
        faults = self._faults
        if not faults.alone and not faults.local_mode and "corosync" not in faults.dead:
            return data
        members = json.loads(data)
        if faults.local_mode or "corosync" in faults.dead:
            return json.dumps({"nodename": members.get("nodename"), "version": 0}).encode()
        if "cluster" in members:
            members["cluster"]["quorate"] = int(faults.has_quorum)
            for name, node in members.get("nodelist", {}).items():
                node["online"] = int(name == members.get("nodename"))
        return json.dumps(members).encode()


def best_tree(disk: Disk, faults: Faults) -> SimTree:
    """The files while /etc/pve answers, else what stands behind them, as on a real node."""
    return SimTree(disk, faults, database=bool(faults.dead & {"pmxcfs", "mount"}))
