"""What can be broken on the simulated node, while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Service = Literal["pveproxy", "pvedaemon", "pmxcfs", "mount", "corosync"]
HostFault = Literal[
    "sssd dies",  # it ends as soon as it is started
    "realmd hangs",  # a join is never answered
    "apt locked",  # another apt runs
    "permit fails",  # each change of logins meets systemd's start limit
]


@dataclass
class Faults:
    """All well by default, and nothing waits.

    `quorate`: False when the node is cut off from the others, which have quorum without it;
    `others_dead`: nobody else runs. `held_locks`: names as in `file-user_cfg` that somebody else
    holds. `dead`: services that do not run; `mount` is a /etc/pve that takes a request and never
    answers, together with `pmxcfs` one whose process has ended. `clock_wrong`: nothing sets it,
    and it is ahead of everybody else's. Seconds: `slow` before each answer, `login_delay` before
    each 401 (PVE: 3.0), `lock_wait` before a lock is given up (PVE: 10).

    What commands make of it (`units`, `hostcommands`): `stopped`: units that somebody stopped;
    `lingers`: a pmxcfs without a mount that still holds its lock file; `local_mode`: pmxcfs runs
    with -l; `expected`: the votes of `pvecm expected`, 0 for those of corosync.conf.

    `host`: what is wrong with its operating system, as far as no file of it tells (`host`).
    """

    quorate: bool = True
    held_locks: set[str] = field(default_factory=set)
    dead: set[Service] = field(default_factory=set)
    disk_full: bool = False
    slow: float = 0.0
    login_delay: float = 0.0
    lock_wait: float = 0.0
    others_dead: bool = False
    clock_wrong: bool = False
    stopped: set[str] = field(default_factory=set)
    lingers: bool = False
    local_mode: bool = False
    expected: int = 0
    host: set[HostFault] = field(default_factory=set)

    @property
    def alone(self) -> bool:
        """No other node is seen by corosync."""
        return not self.quorate or self.others_dead

    @property
    def has_quorum(self) -> bool:
        """Whether the votes that are there suffice: one of three does not."""
        return "corosync" not in self.dead and (not self.alone or self.expected == 1)

    @property
    def writable(self) -> bool:
        """Whether pmxcfs takes changes."""
        return self.local_mode or self.has_quorum
