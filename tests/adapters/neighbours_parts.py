"""A node that asks others: its files below a folder, and where their addresses lead to here.

The addresses are made up (RFC 5737). None of them is ever connected to: `Roads.place` leads to a
port on loopback, as no user can.
"""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pve_auth_tui.adapters.neighbours import Means, ask_neighbours
from pve_auth_tui.core.recover.condition import Neighbour
from pve_auth_tui.core.secret import Secret
from tests.adapters.tls_server import Authority, Issued, Listener, tcp_listener

TICKET = "PVE:root@pam:65A0C0DE::canary-ticket=="
PVE2, PVE2_TOO, PVE3 = "203.0.113.22", "198.51.100.22", "203.0.113.33"
CA = Authority()
BOUND = 10.0  # seconds for everything


def own_certificate(node: str, ca: Authority = CA) -> Issued:
    """As PVE makes it, with the names that it has."""
    return ca.issue("127.0.0.1", "localhost", node, f"{node}.example.com")


def corosync(nodes: Mapping[str, tuple[str, ...]]) -> bytes:
    """A corosync.conf with these links."""
    blocks = [
        "  node {\n"
        + f"    name: {name}\n    nodeid: {number}\n"
        + "".join(f"    ring{link}_addr: {text}\n" for link, text in enumerate(addresses))
        + "  }\n"
        for number, (name, addresses) in enumerate(nodes.items(), 1)
    ]
    return f"nodelist {{\n{''.join(blocks)}}}\ntotem {{\n  cluster_name: rack\n}}\n".encode()


def status(node: str, quorate: int | None) -> list[dict[str, object]]:
    """PVE's `data` of /cluster/status; `quorate` None: its corosync does not run."""
    cluster = {"type": "cluster", "id": "cluster", "name": "rack", "quorate": quorate}
    rows = [] if quorate is None else [cluster]
    return [*rows, {"type": "node", "id": f"node/{node}", "name": node, "local": 1, "online": 1}]


@dataclass
class Roads:
    """Where each address leads to. Behind those that are not named somebody waits in silence."""

    root: Path
    at: dict[str, int] = field(default_factory=dict)
    listeners: ExitStack = field(default_factory=ExitStack)
    minted: list[str] = field(default_factory=list)

    def place(self, address: str) -> tuple[str, int]:
        return "127.0.0.1", self.at.get(address) or self._silent()

    def _silent(self) -> int:
        """A listener that takes connections and never says a word."""

        def wait(line: socket.socket, listener: Listener) -> None:
            listener.over.wait()

        return self.listeners.enter_context(tcp_listener(wait)).port

    def lead(self, address: str, listener: Listener | int) -> None:
        self.at[address] = listener if isinstance(listener, int) else listener.port

    def mint(self) -> tuple[Secret, Secret]:
        """R18: in memory, one for each connection."""
        self.minted.append(f"{TICKET}{len(self.minted)}")
        return Secret(self.minted[-1]), Secret("csrf")

    def means(self, ssh: str = "/nonexistent/ssh", now: Callable[[], float] = time.time) -> Means:
        return Means(self.place, lambda address: False, self.mint, ssh, now)

    # --- the files of this node, pve1 ---------------------------------------------------

    def write(self, path: str, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def configure(self, **nodes: tuple[str, ...]) -> None:
        """pmxcfs answers, and has a corosync.conf of pve1 and these."""
        members = {"nodename": "pve1", "version": 3}
        self.write("etc/pve/.members", json.dumps(members).encode())
        self.write("etc/pve/user.cfg", b"")
        self.write("etc/hostname", b"pve1\n")
        own = {"pve1": ("203.0.113.21",)}
        self.write("etc/pve/corosync.conf", corosync({**own, **nodes}))

    def trust(self, node: str, certificate: Issued, name: str = "pve-ssl.pem") -> None:
        """What /etc/pve has as this node's certificate."""
        self.write(f"etc/pve/nodes/{node}/{name}", certificate.pem)

    def trust_ca(self, ca: Authority = CA) -> None:
        self.write("etc/pve/pve-root-ca.pem", ca.pem)

    def host_keys(self, node: str, known: bytes = b"pve2 ssh-ed25519 AAAA\n") -> None:
        self.write(f"etc/pve/nodes/{node}/ssh_known_hosts", known)

    # --- asking --------------------------------------------------------------------------

    def ask(self, means: Means | None = None) -> dict[str, Neighbour]:
        """All of them; each was told once, as it is in the end, and in time."""
        told: list[Neighbour] = []
        start = time.monotonic()
        found = ask_neighbours(self.root, told.append, means or self.means())
        assert time.monotonic() - start < BOUND
        assert sorted(told) == sorted(found)
        return {one.name: one for one in found}


def stand_in(folder: Path, script: str) -> str:
    """A program in ssh's place. It may write to $OUT, and gets nothing of our environment."""
    program = folder / "ssh"
    program.write_text(f"#!/bin/sh\nOUT={folder}\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)
