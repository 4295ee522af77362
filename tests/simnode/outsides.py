"""A node of the demo with what stands around it."""

from __future__ import annotations

import time
from typing import Any

from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.demonetwork import DemoNetwork
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.outside import Outside
from pve_auth_tui.simnode.outsidestories import OutsideStories
from pve_auth_tui.simnode.sources import system_sources


class Rack:
    """`node`, `network` and `stories` of one demo; its clock stands still."""

    def __init__(self, **size: int) -> None:
        self.disk = MemoryDisk(demo_tree(**size).files)
        self.outside = Outside(self.disk, self.now)
        self.node = SimNode(self.disk, system_sources(self), outside=self.outside)
        self.network = DemoNetwork(self.disk, self.outside)
        self.stories = OutsideStories(self.outside)

    @staticmethod
    def now() -> float:
        return DEMO_NOW

    def sync(self, realm: str, **options: Any) -> tuple[str, list[str]]:
        """(how it ended, the lines of the log) of a dry run."""
        wanted = {"dry-run": 1, "scope": "both", "remove-vanished": "acl;entry", **options}
        upid = self.node.answer("POST", f"/access/domains/{realm}/sync", wanted)
        path = f"/nodes/pve1/tasks/{upid}"
        for _ in range(2000):
            found = self.node.answer("GET", f"{path}/status")
            if found["status"] != "running":
                break
            time.sleep(0.01)
        log = self.node.answer("GET", f"{path}/log", {"limit": 50_000})
        return found["exitstatus"], [line["t"] for line in log]
