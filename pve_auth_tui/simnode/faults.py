"""What can be broken on the simulated node, while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Service = Literal["pveproxy", "pvedaemon", "pmxcfs", "mount"]


@dataclass
class Faults:
    """All well by default, and nothing waits.

    `held_locks`: names as in `file-user_cfg` that somebody else holds. `dead`: services that
    do not run; `mount` is a /etc/pve that takes a request and never answers. Seconds: `slow`
    before each answer, `login_delay` before each 401 (PVE: 3.0), `lock_wait` before a lock
    is given up (PVE: 10).
    """

    quorate: bool = True
    held_locks: set[str] = field(default_factory=set)
    dead: set[Service] = field(default_factory=set)
    disk_full: bool = False
    slow: float = 0.0
    login_delay: float = 0.0
    lock_wait: float = 0.0
