"""What stands around the access files: nodes, quorum, guests, storages, package versions.

Every parser takes whatever the bytes are and never raises: what cannot be understood is left
out. Formats: pmxcfs 9.1.6 (status.c) for .members and .vmlist, corosync.conf(5),
PVE::Storage for storage.cfg, deb-control(5) for dpkg's status.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pve_auth_tui.core.snapshot import ClusterNode, Guest

GuestType = Literal["qemu", "lxc"]
GUEST_FOLDERS: Final[Mapping[GuestType, str]] = {"qemu": "qemu-server", "lxc": "lxc"}

_NODE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_VMID: Final = re.compile(r"[1-9][0-9]{2,8}")
_STORAGE: Final = re.compile(r"(?m)^[a-z][a-z0-9_-]*:[ \t]*([A-Za-z][A-Za-z0-9._-]*)[ \t]*\r?$")
_VERSION: Final = re.compile(r"[0-9][A-Za-z0-9.+~:-]{0,63}")
_UPID: Final = re.compile(r"UPID:[^:\s]+:[0-9A-F]{8}:[0-9A-F]{8,9}:([0-9A-F]{8}):")
_NAME_KEYS: Final = {"qemu": "name", "lxc": "hostname"}


@dataclass(frozen=True, slots=True)
class Members:
    """What the running pmxcfs says. `cluster` and `quorate` are None when it says nothing of a
    cluster: on a node of its own, but also while corosync does not run.
    """

    node: str
    cluster: str | None = None
    quorate: bool | None = None
    nodes: tuple[ClusterNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Corosync:
    """The cluster as it is configured; `name` is "" when the file has none."""

    name: str
    nodes: tuple[str, ...]


def node_name(text: str) -> str:
    """The node's name as PVE takes it from a host name (without the domain); "" for none."""
    name = text.strip().partition(".")[0]
    return name if _NODE.fullmatch(name) else ""


def full_name(node: str, hosts: bytes) -> str:
    """The node's name with its domain, from /etc/hosts, where PVE's installer puts it."""
    for line in hosts.decode(errors="replace").splitlines():
        names = line.partition("#")[0].split()[1:]
        if node in names:
            return next((name for name in names if name.startswith(f"{node}.")), node)
    return node


def parse_members(data: bytes) -> Members | None:
    """`/etc/pve/.members`; None when it is not what pmxcfs writes."""
    whole = _object(data)
    node = whole.get("nodename")
    if not isinstance(node, str) or not _NODE.fullmatch(node):
        return None
    cluster = whole.get("cluster")
    if not isinstance(cluster, dict):
        return Members(node)
    name = cluster.get("name")
    found = whole.get("nodelist")
    nodes = found.items() if isinstance(found, dict) else ()
    return Members(
        node,
        name if isinstance(name, str) else "",
        cluster.get("quorate") == 1,
        tuple(
            ClusterNode(name, entry.get("online") == 1, _text(entry.get("ip")))
            for name, entry in sorted(nodes)
            if _NODE.fullmatch(name) and isinstance(entry, dict)
        ),
    )


def parse_vmlist(data: bytes) -> dict[int, Guest]:
    """`/etc/pve/.vmlist`: VMID -> guest, its name still ""."""
    found = _object(data).get("ids")
    guests = {}
    for vmid, entry in found.items() if isinstance(found, dict) else ():
        if not isinstance(entry, dict) or not _VMID.fullmatch(vmid):
            continue
        node, kind = entry.get("node"), entry.get("type")
        if not isinstance(node, str) or not isinstance(kind, str):
            continue
        if _NODE.fullmatch(node) and kind in _NAME_KEYS:
            guests[int(vmid)] = Guest(int(vmid), "", node, kind)
    return dict(sorted(guests.items()))


def guests_of_folder(node: str, kind: GuestType, names: Iterable[str]) -> dict[int, Guest]:
    """The guests whose configurations (`100.conf`) lie in a node's folder, names still ""."""
    vmids = (name.removesuffix(".conf") for name in names if name.endswith(".conf"))
    return {int(vmid): Guest(int(vmid), "", node, kind) for vmid in vmids if _VMID.fullmatch(vmid)}


def guest_path(guest: Guest) -> str:
    """Where a guest's configuration lies, relative to the root of the system."""
    folder = GUEST_FOLDERS["lxc" if guest.type == "lxc" else "qemu"]
    return f"etc/pve/nodes/{guest.node}/{folder}/{guest.vmid}.conf"


def guest_name(data: bytes, kind: str) -> str:
    """The name in a guest's configuration, not that of a snapshot or pending change; "" without."""
    key = f"{_NAME_KEYS.get(kind, 'name')}:"
    for line in data.decode(errors="replace").split("\n"):
        if line.startswith("["):
            break
        if line.startswith(key):
            return line[len(key) :].strip()
    return ""


def parse_corosync(data: bytes) -> Corosync:
    """`/etc/pve/corosync.conf`: the cluster's name and its nodes, sorted.

    Read word by word, lines mean nothing (PVE::Corosync::parse_conf). What else stands there:
    `core.recover.hosttextcorosync`.
    """
    name, nodes = "", set()
    for section, key, value in _corosync_values(data):
        if (section, key) == (("totem",), "cluster_name"):
            name = value
        elif (section, key) == (("nodelist", "node"), "name") and _NODE.fullmatch(value):
            nodes.add(value)
    return Corosync(name, tuple(sorted(nodes)))


def _corosync_values(data: bytes) -> Iterator[tuple[tuple[str, ...], str, str]]:
    lines = data.decode(errors="replace").split("\n")
    words = iter([word for line in lines for word in line.partition("#")[0].split()])
    sections: list[str] = []
    last = ""
    for word in words:
        if word == "{":
            sections.append(last)
        elif word == "}":
            del sections[-1:]
        elif word.endswith(":"):
            yield tuple(sections[:3]), word[:-1], next(words, "")
        last = word


def parse_storages(data: bytes) -> tuple[str, ...]:
    """`/etc/pve/storage.cfg`: storage ids, sorted; PVE adds `local` when it is not there."""
    return tuple(sorted({"local", *_STORAGE.findall(data.decode(errors="replace"))}))


def installed_versions(data: bytes, packages: Iterable[str]) -> dict[str, str]:
    """dpkg's status -> package -> version, of those that are installed."""
    versions = {}
    text = b"\n" + data
    for package in packages:
        start = text.find(f"\nPackage: {package}\n".encode())
        if start < 0:
            continue
        end = text.find(b"\n\n", start + 1)
        entry = text[start : end if end >= 0 else None].decode(errors="replace").split("\n")
        fields = dict(line.split(": ", 1) for line in entry if ": " in line)
        version = fields.get("Version", "")
        if fields.get("Status", "").endswith(" installed") and _VERSION.fullmatch(version):
            versions[package] = version
    return versions


def release_of(manager: str) -> str:
    """The PVE release (`9.2`) of a version of pve-manager; "" when it is none."""
    match = re.match(r"([0-9]+\.[0-9]+)(?:[^0-9]|$)", manager)
    return match[1] if match else ""


def parse_job_state(data: bytes) -> tuple[int | None, str]:
    """`priv/jobs/realm-sync-<id>.json` -> (last run in seconds since 1970, why it failed or "").

    As PVE does (PVE::API2::Jobs::RealmSync): the start in the task's id, else the time noted.
    """
    state = _object(data)
    upid, noted, error = state.get("upid"), state.get("time"), state.get("error")
    run: int | None = None
    if isinstance(upid, str):
        match = _UPID.match(upid)
        run = int(match[1], 16) if match else None
    elif isinstance(noted, int) and not isinstance(noted, bool) and 0 <= noted < 1 << 40:
        run = noted
    return run, error.strip() if isinstance(error, str) else ""


def _object(data: bytes) -> dict[str, object]:
    """A JSON object, {} for anything else."""
    try:
        found = json.loads(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
