"""How the machine behind the node does, as far as it decides who gets in and what can be written.

Shapes: GET /nodes/{node}/services and /nodes/{node}/status (PVE::API2::Services, Nodes).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.apishape import fields, number, optional_text, rows, text
from pve_auth_tui.core.finding import Finding

_MEANS: Final = {
    "pvedaemon": "nobody can log in to the web interface",
    "pveproxy": "nobody answers on port 8006",
}
_STOPPED: Final = ("inactive", "failed", "dead")
_WHAT: Final = "the services"
_ROOT: Final = "the node's file system"
_LOW: Final = 0.02  # of the root file system; ext4 keeps 5 % for root


class Health(NamedTuple):
    """`stopped`: services that PVE names and that do not run; sizes are those of /, in bytes."""

    stopped: tuple[str, ...] = ()
    free: int = 0
    size: int = 0

    def means(self, service: str) -> str:
        """What it means that one of `stopped` does not run, as a clause."""
        return _MEANS[service]


def health(services: Any, status: Any) -> Health:
    """From PVE's two answers; raises Unreadable for what they cannot be."""
    states = {
        text(row, "service", _WHAT): (
            optional_text(row, "active-state", _WHAT) or text(row, "state", _WHAT)
        )
        for row in rows(services, _WHAT)
    }
    root = fields(fields(status, _ROOT).get("rootfs", {}), _ROOT)
    stopped = tuple(name for name in _MEANS if states.get(name) in _STOPPED)
    free, size = (number(root, name, _ROOT) or 0 for name in ("avail", "total"))
    return Health(stopped, free, size)


def health_findings(found: Health) -> Iterator[Finding]:
    """What does not run, and a disk that is full."""
    for service in found.stopped:
        yield Finding(
            "BAD",
            f"{service} does not run: {found.means(service)}",
            f"systemctl status {service}, then systemctl restart {service}",
        )
    if found.size and found.free <= _LOW * found.size:
        yield Finding(
            "BAD",
            f"the disk of this node is full ({found.free // 1024**2} MiB left)",
            "PVE may be unable to write its files. df -h / shows it; "
            "journalctl --vacuum-size=200M or apt clean give some back.",
        )
