"""What lies at an ACL path, in words: `VM 100 (web-01)`, `storages in pool lab`, `nodes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core.may import place_of
from pve_auth_tui.core.snapshot import Snapshot

_MANY: Final[Mapping[str, str]] = {
    "VM": "guests",
    "Datastore": "storages",
    "Sys": "nodes",
    "Pool": "pools",
    "SDN": "networks",
    "Mapping": "mappings",
}
"""Category of a privilege -> what it is about, on / and on pools."""

_ALL_OF: Final[Mapping[str, str]] = {
    "/vms": "guests",
    "/storage": "storages",
    "/nodes": "nodes",
    "/pool": "pools",
    "/sdn": "networks",
    "/sdn/zones": "zones",
    "/mapping": "mappings",
    "/access": "users and realms",
    "/access/groups": "groups",
    "/access/realm": "realms",
}
_ONE_OF: Final[Mapping[str, str]] = {
    "storage": "storage",
    "nodes": "node",
    "pool": "pool",
    "access/groups": "group",
    "access/realm": "realm",
    "sdn/zones": "zone",
    "mapping": "mapping",
}


class Place(NamedTuple):
    """`text` for a sentence; `many`: it is said of several things."""

    text: str
    many: bool = False


def place(snapshot: Snapshot, path: str, privilege: str = "") -> Place:
    """What a privilege is about at a path; without one, what lies there."""
    category = privilege.partition(".")[0]
    if path == "/":
        return Place(_MANY.get(category, "everything"), category in _MANY)
    if path in _ALL_OF and place_of(path) != "pool":
        return Place(_ALL_OF[path], True)
    if path.startswith("/vms/"):
        return Place(_guest(snapshot, path.removeprefix("/vms/")))
    if place_of(f"/{path.strip('/')}") == "pool" and category in ("VM", "Datastore"):
        pool = path.removeprefix("/pool").strip("/")
        return Place(f"{_MANY[category]} in {f'pool {pool}' if pool else 'pools'}", True)
    if path in _ALL_OF:
        return Place(_ALL_OF[path], True)
    for start, what in _ONE_OF.items():
        if path.startswith(f"/{start}/"):
            return Place(f"{what} {path.removeprefix(f'/{start}/')}")
    return Place(path)


def _guest(snapshot: Snapshot, vmid: str) -> str:
    inventory = snapshot.inventory.value
    known = vmid.isascii() and vmid.isdigit() and len(vmid) < 10
    guest = inventory.guests.get(int(vmid)) if inventory and known else None
    if guest is None:
        return f"guest {vmid}"
    kind = "CT" if guest.type == "lxc" else "VM"
    return f"{kind} {vmid} ({guest.name})" if guest.name else f"{kind} {vmid}"
