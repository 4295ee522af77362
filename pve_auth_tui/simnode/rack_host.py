"""What else the nodes of the demo cluster hold: members, guests, stores, packages."""

from __future__ import annotations

from dataclasses import dataclass

from pve_auth_tui.simnode import made_up, rack_certificates

CLUSTER = "rack"
NODES = {"pve1": "192.0.2.21", "pve2": "192.0.2.22", "pve3": "192.0.2.23"}
THIS_NODE = "pve1"
FIRST_GUEST = 100

_STORY_GUESTS = {
    100: ("web-01", "pve2"),
    104: ("lab-db", "pve1"),
    105: ("runner-01", "pve1"),
    110: ("pay-db", "pve3"),
    111: ("bobs-vm", "pve2"),
    **{304 + number: (f"runner-{number + 1:02}", "pve3") for number in range(1, 6)},
}
_KINDS = ("web", "db", "mail", "app", "cache", "proxy", "files", "build", "desktop", "test")
_CONTAINER_KINDS = ("proxy", "cache", "mail")

STORAGE = """\
dir: local
	path /var/lib/vz
	content iso,vztmpl,backup

rbd: ceph-vm
	content images,rootdir
	krbd 0
	pool vm

nfs: nfs-archive
	export /export/archive
	path /mnt/pve/nfs-archive
	server 192.0.2.30
	content backup,iso

nfs: nfs-offsite
	export /export/rack
	path /mnt/pve/nfs-offsite
	server 198.51.100.30
	content backup

pbs: pbs-rack
	datastore rack
	server pbs.example.com
	content backup
	username backup@pbs

pbs: pbs-offsite
	datastore rack
	server pbs.offsite.example.com
	content backup
	username backup@pbs
"""

_PACKAGES = {
    "libpve-access-control": "9.1.1",
    "libpve-common-perl": "9.2.1",
    "libpve-http-server-perl": "6.0.5",
    "libpve-rs-perl": "0.13.0",
    "proxmox-ve": "9.2.0",
    "pve-cluster": "9.1.6",
    "pve-manager": "9.2.11",
}


@dataclass(frozen=True, slots=True)
class DemoGuest:
    """A virtual machine (`qemu`) or container (`lxc`)."""

    vmid: int
    name: str
    node: str
    type: str


def guests(count: int) -> list[DemoGuest]:
    """`count` guests from 100 on."""
    return [_guest(vmid) for vmid in range(FIRST_GUEST, FIRST_GUEST + count)]


def _guest(vmid: int) -> DemoGuest:
    if vmid in _STORY_GUESTS:
        name, node = _STORY_GUESTS[vmid]
        return DemoGuest(vmid, name, node, "qemu")
    kind = _KINDS[vmid % len(_KINDS)]
    node = list(NODES)[made_up.number(f"node {vmid}", len(NODES))]
    container = kind in _CONTAINER_KINDS
    return DemoGuest(vmid, f"{kind}-{vmid // 10 - 8:02}", node, "lxc" if container else "qemu")


def _hosts() -> str:
    """As PVE's installer writes it: the name with the domain first."""
    return f"127.0.0.1 localhost\n{NODES[THIS_NODE]} {THIS_NODE}.example.com {THIS_NODE}\n"


def host_files(all_guests: list[DemoGuest]) -> dict[str, bytes]:
    """Path -> content of everything that is not about access."""
    files = {
        "etc/hostname": f"{THIS_NODE}\n",
        "etc/hosts": _hosts(),
        "etc/pve/.members": _members(),
        "etc/pve/.vmlist": _vmlist(all_guests),
        "etc/pve/corosync.conf": _corosync(),
        "etc/pve/storage.cfg": STORAGE,
        "var/lib/dpkg/status": _dpkg_status(),
        **rack_certificates.FILES,
    }
    for guest in all_guests:
        folder = "qemu-server" if guest.type == "qemu" else "lxc"
        path = f"etc/pve/nodes/{guest.node}/{folder}/{guest.vmid}.conf"
        files[path] = _guest_config(guest)
    return {path: text.encode() for path, text in files.items()}


def _members() -> str:
    nodes = ",\n".join(
        f'  "{name}": {{ "id": {number}, "online": 1, "ip": "{ip}"}}'
        for number, (name, ip) in enumerate(NODES.items(), 1)
    )
    return (
        f'{{\n"nodename": "{THIS_NODE}",\n"version": 12,\n'
        f'"cluster": {{ "name": "{CLUSTER}", "version": 3, "nodes": {len(NODES)}, "quorate": 1 }},'
        "\n"
        f'"nodelist": {{\n{nodes}\n  }}\n}}\n'
    )


def _vmlist(all_guests: list[DemoGuest]) -> str:
    ids = ",\n".join(
        f'"{guest.vmid}": {{ "node": "{guest.node}", "type": "{guest.type}", "version": {number} }}'
        for number, guest in enumerate(all_guests, 1)
    )
    return f'{{\n"version": {len(all_guests)},\n"ids": {{\n{ids}}}\n\n}}\n'


def _corosync() -> str:
    nodes = "\n".join(
        f"  node {{\n    name: {name}\n    nodeid: {number}\n    quorum_votes: 1\n"
        f"    ring0_addr: 10.0.0.{number}\n  }}\n"
        for number, name in enumerate(NODES, 1)
    )
    return (
        "logging {\n  debug: off\n  to_syslog: yes\n}\n\n"
        f"nodelist {{\n{nodes}}}\n\n"
        "quorum {\n  provider: corosync_votequorum\n}\n\n"
        f"totem {{\n  cluster_name: {CLUSTER}\n  config_version: 3\n  interface {{\n"
        "    linknumber: 0\n  }\n  ip_version: ipv4-6\n  link_mode: passive\n"
        "  secauth: on\n  version: 2\n}\n\n"
    )


def _guest_config(guest: DemoGuest) -> str:
    if guest.type == "lxc":
        return (
            f"arch: amd64\ncores: 2\nhostname: {guest.name}\nmemory: 1024\n"
            f"net0: name=eth0,bridge=vmbr0,ip=dhcp,type=veth\nostype: debian\n"
            f"rootfs: ceph-vm:vm-{guest.vmid}-disk-0,size=8G\nswap: 512\n"
        )
    return (
        f"boot: order=scsi0\ncores: 2\nmemory: 4096\nname: {guest.name}\n"
        f"net0: virtio,bridge=vmbr0\nostype: l26\nscsi0: ceph-vm:vm-{guest.vmid}-disk-0,size=32G\n"
        "scsihw: virtio-scsi-single\n"
    )


def _dpkg_status() -> str:
    return "\n".join(
        f"Package: {name}\nStatus: install ok installed\nPriority: optional\nSection: admin\n"
        f"Maintainer: Proxmox Support Team <support@proxmox.com>\nArchitecture: all\n"
        f"Version: {version}\nDescription: part of the demo cluster\n"
        for name, version in sorted(_PACKAGES.items())
    )
