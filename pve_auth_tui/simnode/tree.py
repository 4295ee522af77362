"""The simulated node's files as a rung of its own: what is on the disk, seen through its faults."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults

_PVE = "etc/pve"
_MEMBERS = "etc/pve/.members"
_NEXT = "See `systemctl status pve-cluster`, or switch the fault off with :demo."


class SimTree:
    """A `core.ports.LiveTree` over a Disk; /etc/pve is as dead as the faults say."""

    def __init__(self, disk: Disk, faults: Faults) -> None:
        self._disk = disk
        self._faults = faults

    @property
    def source(self) -> str:
        return "demo"

    def read(self, path: str) -> bytes:
        self._require_mount(path)
        data = self._disk.read(path)
        if data is None:
            if self._disk.names(path):
                raise Unreadable(f"/{path} is a folder, not a file.")
            raise Missing(f"/{path} is not there.")
        return self._without_quorum(data) if path == _MEMBERS else data

    def names(self, folder: str) -> Sequence[str]:
        self._require_mount(folder)
        return self._disk.names(folder)

    def owner_may_write(self, path: str) -> bool:
        self._require_mount(path)
        return self._faults.quorate

    def _require_mount(self, path: str) -> None:
        if not f"{path}/".startswith(f"{_PVE}/"):
            return
        if "mount" in self._faults.dead:
            raise Unreadable("/etc/pve does not answer: pmxcfs has died under its mount.", _NEXT)
        if "pmxcfs" in self._faults.dead:
            raise Unreadable("/etc/pve is not mounted: pmxcfs does not run.", _NEXT)

    def _without_quorum(self, data: bytes) -> bytes:
        if self._faults.quorate:
            return data
        members = json.loads(data)
        if "cluster" in members:
            members["cluster"]["quorate"] = 0
        return json.dumps(members).encode()
