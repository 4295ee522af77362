"""Index paths, and GET /version."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from pve_auth_tui.core.cluster import installed_versions, release_of
from pve_auth_tui.simnode.node import Handler, SimNode
from pve_auth_tui.simnode.request import Request

_MANAGER: Final = "pve-manager"
_NEWEST_MANAGER: Final = "9.2.11"
_SHORT_REVISION: Final = 16
_SUBDIRS: Final = {
    "/": "version cluster nodes storage access pools",
    "/access": "users groups roles acl domains openid tfa ticket password",
    "/cluster/jobs": "schedule-analyze realm-sync",
}
_NAMES: Final = {
    "/cluster": "acme backup backup-info bulk-action ceph config firewall ha jobs log mapping "
    "metrics notifications nextid options qemu replication resources status tasks sdn",
    "/nodes/{node}": "aplinfo apt capabilities ceph certificates config disks dns firewall "
    "hardware hosts journal lxc migrateall netstat network qemu query-oci-repo-tags "
    "query-url-metadata replication report rrd rrddata scan sdn services spiceshell startall "
    "status stopall storage subscription suspendall syslog tasks termproxy time version vncshell "
    "vzdump wakeonlan",
}


def version(node: SimNode, request: Request) -> dict[str, Any]:
    """What pve-manager says of itself (PVE::API2); its revision is made up."""
    installed = installed_versions(node.disk.read("var/lib/dpkg/status") or b"", [_MANAGER])
    manager = installed.get(_MANAGER, _NEWEST_MANAGER)
    revision = sha256(f"{_MANAGER} {manager}".encode()).hexdigest()[:_SHORT_REVISION]
    answer = {"version": manager, "release": release_of(manager), "repoid": revision}
    console = node.state.datacenter.options.get("console")
    return answer if console is None else {**answer, "console": console}


def _index(key: str, names: str) -> Handler:
    def handler(node: SimNode, request: Request) -> list[dict[str, str]]:
        return [{key: name} for name in names.split()]

    return handler


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/version"): version,
    **{("GET", path): _index("subdir", names) for path, names in _SUBDIRS.items()},
    **{("GET", path): _index("name", names) for path, names in _NAMES.items()},
}
