"""What this node's files and corosync's tools tell of the cluster: members, links, votes, HA."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pve_auth_tui.adapters.bounded import BoundedTree
from pve_auth_tui.adapters.conditionrun import Run
from pve_auth_tui.adapters.conditionwait import Found, begun
from pve_auth_tui.adapters.dbcopy import FILE as DATABASE
from pve_auth_tui.core.cluster import GUEST_FOLDERS, node_name
from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.core.ports import Tree
from pve_auth_tui.core.recover.condition import Ha, Link, Mount, Votes
from pve_auth_tui.core.recover.hosttextcorosync import (
    CorosyncConf,
    ToolLink,
    read_corosync_conf,
    tool_links,
    tool_votes,
)
from pve_auth_tui.core.recover.hosttextha import RESOURCES, STATUS, managed, places
from pve_auth_tui.core.recover.hosttextnet import (
    Device,
    address_in_hosts,
    cable_of,
    is_address,
    read_devices,
)
from pve_auth_tui.core.unixshadow import Shadow, state_of

T = TypeVar("T")

CFGTOOL: Final = "/usr/sbin/corosync-cfgtool"
QUORUMTOOL: Final = "/usr/sbin/corosync-quorumtool"
IP: Final = "/usr/sbin/ip"

COROSYNC_CONF: Final = "etc/corosync/corosync.conf"
"""A plain file: corosync's own copy, there although /etc/pve is not."""
PVES_COROSYNC_CONF: Final = "etc/pve/corosync.conf"

_HOSTNAME: Final = "etc/hostname"
_SHADOW: Final = "etc/shadow"
_HOSTS: Final = "etc/hosts"
# A folder that watchdog-mux makes when somebody arms the watchdog, and removes when all have
# closed it in order (watchdog-mux.c). Better than lrm_status, which cannot change without quorum.
_ARMED: Final = "watchdog-mux.active"
_RUN: Final = "run"
_KINDS: Final = {"vm": GUEST_FOLDERS["qemu"], "ct": GUEST_FOLDERS["lxc"]}  # HA's words for them


class LocalFiles(NamedTuple):
    """What lies outside /etc/pve. `conf` is None when it could not be read, and so is `armed`:
    whether somebody has armed the watchdog. `node`: as /etc/hostname has it.
    """

    node: str = ""
    shadow: Shadow = Shadow.UNKNOWN
    database: str = ""
    conf: CorosyncConf | None = None
    hosts: bytes = b""
    armed: bool | None = None
    trouble: tuple[str, ...] = ()

    def found(self) -> Found:
        """What of it stands in a Condition as it is."""
        return Found({"shadow": self.shadow, "database": self.database}, self.trouble)


def local_files(root: Path, now: float, seconds: float) -> LocalFiles:
    """Read in a child, so that no link leads out of the root (R10) and no dead disk keeps us."""
    tree = BoundedTree(root, "files", seconds=seconds)
    trouble: list[str] = []

    def tried(look: Callable[[], T], missing: T, unknown: T) -> T:
        try:
            return look()
        except Missing:
            return missing
        except Unreadable as error:
            trouble.append(str(error))
            return unknown

    folder, _, name = DATABASE.rpartition("/")
    is_there = tried(lambda: name in tree.names(folder), False, False)
    unknown = Shadow.UNKNOWN
    return LocalFiles(
        node_name(tried(lambda: tree.read(_HOSTNAME), b"", b"").decode(errors="replace")),
        tried(lambda: state_of(tree.read(_SHADOW), "root", now), unknown, unknown),
        str(root / DATABASE) if is_there else "",
        tried(lambda: read_corosync_conf(tree.read(COROSYNC_CONF)), CorosyncConf(), None),
        tried(lambda: tree.read(_HOSTS), b"", b""),
        tried(lambda: _ARMED in tree.names(_RUN), None, None),
        tuple(trouble),
    )


def pve_files(root: Path, node: str, mount: Mount, local: LocalFiles, seconds: float) -> Found:
    """What stands in /etc/pve: through the mount when it answers, else in config.db.

    pmxcfs decides by the corosync.conf in its database whether it is a cluster's
    (reference/transports.md, "No quorum").
    """
    if mount is Mount.ANSWERS:
        tree: Tree = BoundedTree(root, "files", seconds=seconds)
    elif local.database:
        tree = BoundedTree(root, "database", seconds=seconds)
    else:
        return Found({})
    try:
        clustered: bool | None = bool(tree.read(PVES_COROSYNC_CONF))
    except Missing:
        clustered = False
    except Unreadable as error:
        return Found(_armed_at_least(local), (str(error),))
    try:
        return Found({"clustered": clustered, "ha": _ha(tree, node, local.armed)})
    except Unreadable as error:
        return Found({"clustered": clustered, **_armed_at_least(local)}, (str(error),))


def network(run: Run, node: str, local: LocalFiles, seconds: float) -> Found:
    """Links and votes: as corosync says, else as they are configured. Nothing without a
    corosync.conf.
    """
    conf = local.conf
    if conf is None:
        return Found({})
    if not conf.nodes:
        return Found({"links": ()})
    asked = [
        begun(partial(run, argv, seconds))
        for argv in ((CFGTOOL, "-s"), (QUORUMTOOL, "-s", "-i"), (IP, "-j", "-d", "addr"))
    ]
    said, counted, addresses = (one.result() for one in asked)
    trouble = [
        f"{what}: {tool} {answer.why}."
        for what, tool, answer in (
            ("Corosync's links are known from its file only", "corosync-cfgtool", said),
            ("Votes are not known", "corosync-quorumtool", counted),
            ("Network interfaces are not known", "ip", addresses),
        )
        if answer.why
    ]
    devices = read_devices(addresses.text) if not addresses.why else ()
    links = _links(conf, node, tool_links(said.text), devices, local.hosts)
    if links is None:
        trouble.append(f"/{COROSYNC_CONF} has no node {node}.")
    votes = tool_votes(counted.text, conf) or Votes(
        two_node=conf.two_node, device=False if conf.device else None
    )
    return Found({"links": links, "votes": votes}, tuple(trouble))


def _links(
    conf: CorosyncConf,
    node: str,
    told: tuple[ToolLink, ...],
    devices: tuple[Device, ...],
    hosts: bytes,
) -> tuple[Link, ...] | None:
    """Those that corosync has, and those that it should have. None when neither knows this node."""
    own = conf.node(node)
    if own is None and not told:
        return None
    addresses = {
        number: address_in_hosts(text, hosts)
        for number, text in (own.addresses if own else {}).items()
    }
    peers: dict[int, dict[str, bool]] = {}
    for one in told:
        addresses[one.number] = one.address or addresses.get(one.number, "")
        peers[one.number] = {conf.name_of(peer): up for peer, up in one.peers.items()}
    return tuple(
        _link(number, address, peers.get(number, {}), devices)
        for number, address in sorted(addresses.items())
    )


def _link(number: int, address: str, peers: dict[str, bool], devices: tuple[Device, ...]) -> Link:
    if not devices or not is_address(address):  # which one has it cannot be told
        return Link(number, address, peers=peers)
    cable = cable_of(address, devices)
    carrier = cable.carrier if cable.interface else False
    return Link(number, address, cable.interface, carrier, peers, cable.ports)


def _ha(tree: Tree, node: str, armed: bool | None) -> Ha:
    """A service that the manager has put nowhere is where its configuration lies."""
    services = managed(_read(tree, RESOURCES))
    if not services:
        return Ha(watchdog=armed)
    where = places(_read(tree, STATUS))
    lying = {
        f"{kind}:{name.removesuffix('.conf')}"
        for kind, folder in _KINDS.items()
        for name in tree.names(f"etc/pve/nodes/{node}/{folder}")
    }
    here = [sid for sid in services if where.get(sid, node if sid in lying else "") == node]
    return Ha(len(services), len(here), armed)


def _armed_at_least(local: LocalFiles) -> dict[str, Any]:
    """A watchdog that runs counts although nobody knows for which services."""
    return {"ha": Ha(watchdog=True)} if local.armed else {}


def _read(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path)
    except Missing:
        return b""
