"""Reading what stands around the access files: node, quorum, versions, guests, storages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from pve_auth_tui.core import cluster as formats
from pve_auth_tui.core import versions
from pve_auth_tui.core.cluster import GUEST_FOLDERS, Members
from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Guest, Inventory
from pve_auth_tui.services.reading import Found, Reading

# Reading 10,000 guests only for their names would take longer than all else together. Those
# that user.cfg speaks of come first; what is left over is shown by its number.
GUESTS_WITH_NAME: Final = 256

_MEMBERS: Final = "etc/pve/.members"
_NODES: Final = "etc/pve/nodes"
_LOCKS: Final = "etc/pve/priv/lock"
_FILE_LOCK: Final = "file-"  # the others there belong to HA and last
_MANAGER: Final = "pve-manager"
_ACCESS: Final = "libpve-access-control"


def read_cluster(reading: Reading) -> Found[Cluster]:
    """The cluster as its running part says, else as it is configured. Raises Unreadable.

    While corosync does not run, .members says nothing of a cluster, just as on a node of its
    own; then the write bit of etc/pve/local counts, as for PVE (PVE::Cluster).
    """
    members, problem, hint = _members(reading)
    node = members.node if members else _node_name(reading)
    live = members is not None
    configured = reading.optional("etc/pve/corosync.conf")
    if members and members.cluster is not None:
        found = Cluster(node, members.cluster, members.quorate, members.nodes)
    elif configured.strip():
        corosync = formats.parse_corosync(configured)
        quorate = reading.owner_may_write("etc/pve/local") if live else None
        found = Cluster(node, corosync.name, quorate, _nodes(corosync.nodes, node, live=live))
    else:
        names = (node,) if live else _folders(reading)
        found = Cluster(node, None, True if live else None, _nodes(names, node, live=live))
    installed = _installed(reading)
    access = installed.get(_ACCESS, "")
    release = formats.release_of(installed.get(_MANAGER, "")) or (
        versions.pve_release(access) if access else ""
    )
    locks = tuple(name for name in reading.names(_LOCKS) if name.startswith(_FILE_LOCK))
    found = replace(found, pve_release=release, access_control=access, locks=locks)
    return Found(found, problem, hint)


def read_inventory(reading: Reading, mentioned: Collection[int]) -> Found[Inventory]:
    """Guests and storages; `mentioned`: the VMIDs whose names matter most. Raises Unreadable."""
    guests = _guests(reading)
    first = [vmid for vmid in sorted(mentioned) if vmid in guests]
    rest = (vmid for vmid in guests if vmid not in mentioned)
    chosen = [guests[vmid] for vmid in [*first, *rest][:GUESTS_WITH_NAME]]
    files = reading.read_many([formats.guest_path(guest) for guest in chosen])
    for guest in chosen:
        name = formats.guest_name(files.get(formats.guest_path(guest), b""), guest.type)
        guests[guest.vmid] = guest._replace(name=name)
    storages = formats.parse_storages(reading.optional("etc/pve/storage.cfg"))
    return Found(Inventory(guests, storages))


def _members(reading: Reading) -> Found[Members | None]:
    try:
        members = formats.parse_members(reading.read(_MEMBERS))
    except Missing:
        return Found(None)
    except Unreadable as error:
        return Found(None, str(error), error.hint)
    if members is None:
        return Found(None, f"/{_MEMBERS} is not what pmxcfs writes.")
    return Found(members)


def _node_name(reading: Reading) -> str:
    name = formats.node_name(reading.optional("etc/hostname").decode(errors="replace"))
    folders = () if name else _folders(reading)
    return folders[0] if len(folders) == 1 else name


def _folders(reading: Reading) -> tuple[str, ...]:
    return tuple(name for name in reading.names(_NODES) if formats.node_name(name) == name)


def _nodes(names: Collection[str], here: str, *, live: bool) -> tuple[ClusterNode, ...]:
    """Of nodes that are only configured, this one alone is known to be online."""
    return tuple(ClusterNode(name, True if live and name == here else None) for name in names)


def _installed(reading: Reading) -> dict[str, str]:
    try:
        status = reading.read("var/lib/dpkg/status")
    except Unreadable:
        return {}
    return formats.installed_versions(status, (_MANAGER, _ACCESS))


def _guests(reading: Reading) -> dict[int, Guest]:
    """From .vmlist, which only a running pmxcfs has; else from the names of the configurations."""
    try:
        guests = formats.parse_vmlist(reading.read("etc/pve/.vmlist"))
    except Unreadable:
        guests = {}
    if guests:
        return guests
    for node in _folders(reading):
        for kind, folder in GUEST_FOLDERS.items():
            names = reading.names(f"{_NODES}/{node}/{folder}")
            guests.update(formats.guests_of_folder(node, kind, names))
    return dict(sorted(guests.items()))
