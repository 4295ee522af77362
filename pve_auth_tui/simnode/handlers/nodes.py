"""/nodes (PVE::API2::Nodes, PVE::API2::Services): the one node that is there, and its services."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pve_auth_tui.core.cluster import parse_members
from pve_auth_tui.core.errors import ApiError, Unreadable
from pve_auth_tui.core.recover.condition import Service
from pve_auth_tui.core.snapshot import ClusterNode
from pve_auth_tui.simnode import units
from pve_auth_tui.simnode.handlers.index import version
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request

MEMBERS: Final = "etc/pve/.members"
_NODE: Final = "/nodes/{node}"
_SERVICE: Final = f"{_NODE}/services/{{service}}"
_GIB: Final = 1 << 30
_NO_ROUTE: Final = 595
_SERVICES: Final = {
    "chrony": "chrony, an NTP client/server",
    "corosync": "Corosync Cluster Engine",
    "cron": "Regular background program processing daemon",
    "postfix": "Postfix Mail Transport Agent",
    "pve-cluster": "The Proxmox VE cluster filesystem",
    "pve-firewall": "Proxmox VE firewall",
    "pve-ha-crm": "PVE Cluster HA Resource Manager Daemon",
    "pve-ha-lrm": "PVE Local HA Resource Manager Daemon",
    "pvedaemon": "PVE API Daemon",
    "pveproxy": "PVE API Proxy Server",
    "pvescheduler": "Proxmox VE scheduler",
    "pvestatd": "PVE Status Daemon",
    "spiceproxy": "PVE SPICE Proxy Server",
    "sshd": "OpenBSD Secure Shell server",
    "systemd-journald": "Journal Service",
}


def require_node(node: SimNode, request: Request) -> None:
    """Only this node is there; a request for another finds nobody."""
    if request.params["node"] not in ("localhost", node.name):
        raise ApiError(_NO_ROUTE, "No route to host")


def members(node: SimNode) -> tuple[ClusterNode, ...]:
    """The cluster's nodes, or this one alone."""
    try:
        found = parse_members(node.tree.read(MEMBERS))
    except Unreadable:
        found = None
    return (found.nodes if found else ()) or (ClusterNode(node.name, online=True),)


def list_nodes(node: SimNode, request: Request) -> list[dict[str, Any]]:
    return [
        {"node": name, "status": "online" if online else "offline", "type": "node"}
        for name, online, _ in members(node)
    ]


def show_version(node: SimNode, request: Request) -> dict[str, Any]:
    require_node(node, request)
    return {name: value for name, value in version(node, request).items() if name != "console"}


def show_status(node: SimNode, request: Request) -> dict[str, Any]:
    """How the machine does; all of it is made up but for version and uptime."""
    require_node(node, request)
    said = version(node, request)
    free = 0 if node.faults.disk_full else 55 * _GIB
    return {
        "uptime": int(node.tasks.uptime),
        "loadavg": ["0.42", "0.37", "0.31"],
        "cpu": 0.03,
        "cpuinfo": {"model": "Simulated CPU", "sockets": 1, "cores": 4, "cpus": 8},
        "memory": {"total": 16 * _GIB, "used": 6 * _GIB, "free": 10 * _GIB},
        "swap": {"total": 4 * _GIB, "used": 0, "free": 4 * _GIB},
        "rootfs": {"total": 64 * _GIB, "used": 64 * _GIB - free, "avail": free, "free": free},
        "pveversion": f"pve-manager/{said['version']}/{said['repoid']}",
    }


def show_time(node: SimNode, request: Request) -> dict[str, Any]:
    """`localtime` is the clock on the wall, counted as if it were UTC."""
    require_node(node, request)
    zone = (node.disk.read("etc/timezone") or b"UTC").decode(errors="replace").strip()
    now = int(node.sources.now())
    there = datetime.fromtimestamp(now, _zone(zone))
    wall = there.replace(tzinfo=UTC).timestamp()
    return {"timezone": zone, "time": now, "localtime": int(wall)}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def show_journal(node: SimNode, request: Request) -> list[str]:
    """The last lines between two cursors, as the journal's reader gives them."""
    require_node(node, request)
    lines = list(node.journal)
    wanted = request.params.get("lastentries") or len(lines)
    shown = [f"{node.name} pvedaemon[{node.sources.pid}]: {line}" for line in lines[-wanted:]]
    first = len(lines) - len(shown)
    return [f"s=simulated;i={first:x}", *shown, f"s=simulated;i={len(lines):x}"]


def list_services(node: SimNode, request: Request) -> list[dict[str, Any]]:
    require_node(node, request)
    return [_service(node, name) for name in sorted(_SERVICES)]


def show_service(node: SimNode, request: Request) -> dict[str, Any]:
    require_node(node, request)
    return _service(node, request.params["service"])


def _service(node: SimNode, name: str) -> dict[str, Any]:
    """As systemd says it: sub-state, unit file's state, active state."""
    if name not in _SERVICES:
        states = {"state": "dead", "unit-state": "not-found", "active-state": "inactive"}
        return {"service": name, "name": None, "desc": None, **states}
    runs = units.state(node.faults, name) is Service.RUNS
    if name == "corosync":
        runs = runs and node.disk.read("etc/pve/corosync.conf") is not None
    return {
        "service": name,
        "name": name,
        "desc": _SERVICES[name],
        "state": "running" if runs else "dead",
        "unit-state": "enabled",
        "active-state": "active" if runs else "inactive",
    }


def list_commands(node: SimNode, request: Request) -> list[dict[str, str]]:
    return [{"subdir": name} for name in ("state", "start", "stop", "restart", "reload")]


def _command(kind: str, doing: str, *, wakes: bool) -> Handler:
    """`wakes`: does it also start what does not run?"""

    def handler(node: SimNode, request: Request) -> str:
        require_node(node, request)
        name = request.params["service"]

        def work(say: Any) -> None:
            node.journal.append(f"{doing} service {name}")
            if name not in _SERVICES:
                raise ApiError(500, f"command 'systemctl {kind[3:]} {name}' failed: exit code 5\n")
            if wakes and not units.start(node.faults, name):
                raise ApiError(500, f"command 'systemctl {kind[3:]} {name}' failed: exit code 1\n")

        return node.tasks.run(kind, name, request.caller.authid, work)

    return handler


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/nodes"): list_nodes,
    ("GET", f"{_NODE}/version"): show_version,
    ("GET", f"{_NODE}/status"): show_status,
    ("GET", f"{_NODE}/time"): show_time,
    ("GET", f"{_NODE}/journal"): show_journal,
    ("GET", f"{_NODE}/services"): list_services,
    ("GET", _SERVICE): list_commands,
    ("GET", f"{_SERVICE}/state"): show_service,
    ("POST", f"{_SERVICE}/start"): _command("srvstart", "starting", wakes=True),
    ("POST", f"{_SERVICE}/restart"): _command("srvrestart", "re-starting", wakes=True),
    ("POST", f"{_SERVICE}/reload"): _command("srvreload", "reloading", wakes=False),
}
