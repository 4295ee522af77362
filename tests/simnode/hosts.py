"""A simulated node's operating system for tests, with a clock that they turn."""

from __future__ import annotations

from dataclasses import dataclass, field

from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join.packages import NEEDED
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.host.simhost import SimHost
from pve_auth_tui.simnode.made_up import PASSWORD
from pve_auth_tui.simnode.outside import Outside

TYPED = f"{PASSWORD}\n"
DOMAIN = "example.com"
PLACES = {"id": "bin", "getent": "bin", "cp": "bin", "rm": "bin", "cat": "bin"}


@dataclass
class DemoHost:
    """The demo's node pve1; `now` stands still, `slept` is how long its tools have hung."""

    now: float = DEMO_NOW
    slept: float = 0.0
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.disk = MemoryDisk(demo_tree().files)
        self.outside = Outside(self.disk, lambda: self.now)
        self.host = SimHost(self.disk, self.faults, self.outside, lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    def run(self, *argv: str, typed: str | None = None, seconds: float = 15.0) -> Said:
        """By the tool's name alone."""
        path = f"/usr/sbin/{argv[0]}"
        stdin = None if typed is None else Secret(typed)
        return self.host.ask((path, *argv[1:]), stdin=stdin, seconds=seconds)

    def install(self) -> Said:
        """All that a join needs."""
        return self.run("apt-get", "-y", "--no-install-recommends", "install", *NEEDED)

    def join(self, *more: str) -> Said:
        """As Administrator."""
        return self.run("realm", "-v", "join", "--user=Administrator", *more, DOMAIN, typed=TYPED)

    def text(self, path: str) -> str:
        return (self.disk.read(path) or b"").decode()

    def rename(self, full: str) -> None:
        """Another host name, with or without a domain."""
        short = full.partition(".")[0]
        self.disk.write("etc/hostname", f"{short}\n".encode())
        names = full if short == full else f"{full} {short}"
        self.disk.write("etc/hosts", f"127.0.0.1 localhost\n192.0.2.21 {names}\n".encode())

    def names_servers(self, *addresses: str) -> None:
        """In /etc/resolv.conf."""
        assert self.host.look("/etc/resolv.conf")
        lines = "".join(f"nameserver {address}\n" for address in addresses)
        self.disk.write("etc/resolv.conf", lines.encode())

    def fault(self, name: str) -> None:
        """At both domain controllers."""
        for host in ("dc01.example.com", "dc02.example.com"):
            self.outside.faults[host].add(name)
