"""What this node has of the others: addresses, certificates, ssh host keys.

From /etc/pve while pmxcfs answers, else from config.db, else from corosync's own copy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from socket import gethostname
from typing import Final, NamedTuple

from pve_auth_tui.adapters.bounded import BoundedTree
from pve_auth_tui.adapters.certificate import Pin, ders, pveproxy_certificate
from pve_auth_tui.core.cluster import full_name, node_name, parse_members
from pve_auth_tui.core.errors import Missing, Unreadable, UsageError
from pve_auth_tui.core.recover.addresses import known_addresses

_FILES: Final = 2.0  # seconds; all this is within the ten that asking takes
_DATABASE: Final = 2.0
_LINK: Final = 1.0
_PVE: Final = "etc/pve"
_MEMBERS: Final = "etc/pve/.members"
_CONFIGURED: Final = "etc/pve/corosync.conf"
_CA: Final = "etc/pve/pve-root-ca.pem"
_OF_CLUSTER: Final = "etc/pve/priv/known_hosts"
_OF_MACHINE: Final = "etc/ssh/ssh_known_hosts"  # PVE makes it a link to the one of the cluster
_CERTIFICATES: Final = ("pveproxy-ssl.pem", "pve-ssl.pem")
_HOST_KEYS: Final = "ssh_known_hosts"
_COPY: Final = "etc/corosync/corosync.conf"
_HOSTS: Final = "etc/hosts"
_HOSTNAME: Final = "etc/hostname"


class Peer(NamedTuple):
    """Another node. `places`: addresses, and names without a known one; `full`: its name with
    the domain; `certificates`: what pveproxy there must show, any of them, () if unknown;
    `shared`: another node has the same one; `known_hosts`: its host keys, as ssh reads them.
    """

    name: str
    places: tuple[str, ...] = ()
    full: str = ""
    certificates: tuple[Pin, ...] = ()
    shared: bool = False
    known_hosts: bytes = b""


class Material(NamedTuple):
    """The other nodes, by name; `live`: pmxcfs answers here, so that a ticket can be made."""

    peers: tuple[Peer, ...] = ()
    live: bool = False


def material(root: Path) -> Material:
    """Never raises; what cannot be read is left out. Five seconds when everything hangs, more only
    when everything is very slow, too.
    """
    tree, live = _tree(root)
    files = _read(tree, (_MEMBERS, _CONFIGURED, _COPY, _HOSTS, _HOSTNAME))
    hosts = files.get(_HOSTS, b"")
    own = _own_name(files)
    configured = [files[path] for path in (_CONFIGURED, _COPY) if path in files]
    known = known_addresses(own, configured, files.get(_MEMBERS, b""), hosts)
    names = (*known.places, own)
    files |= _read(tree, (_CA, _OF_CLUSTER, *(path for name in names for path in _of(name))))
    if not all(_known_hosts(files, name) for name in known.places):
        # Alone, for it may lead into the very mount that hangs.
        files |= _read(BoundedTree(root, "files", seconds=_LINK), (_OF_MACHINE,))
    pins = {name: _pins(files, name) for name in names}
    leaves = [leaf for several in pins.values() for leaf in _leaves(several)]
    peers = (
        Peer(
            name,
            known.places[name],
            full_name(name, hosts),
            pins[name],
            any(leaves.count(leaf) > 1 for leaf in _leaves(pins[name])),
            _known_hosts(files, name),
        )
        for name in known.places
    )
    return Material(tuple(peers), live)


def _tree(root: Path) -> tuple[BoundedTree, bool]:
    """The best tree that answers, and whether pmxcfs does."""
    files = BoundedTree(root, "files", seconds=_FILES)
    hangs = False
    try:
        files.read(_MEMBERS)
        return files, True
    except Missing:
        pass
    except Unreadable:
        hangs = True
    database = BoundedTree(root, "database", seconds=_DATABASE)
    try:
        database.names(_PVE)
        return database, False
    except Unreadable:
        return (BoundedTree(root, "files", seconds=_FILES) if hangs else files), False


def _read(tree: BoundedTree, paths: Sequence[str]) -> dict[str, bytes]:
    """What can be read of them, {} when the tree does not answer."""
    try:
        return dict(tree.read_many(paths))
    except Unreadable:
        return {}


def _own_name(files: Mapping[str, bytes]) -> str:
    running = parse_members(files.get(_MEMBERS, b""))
    said = files.get(_HOSTNAME, b"").decode(errors="replace")
    return (running.node if running else "") or node_name(said) or node_name(gethostname())


def _of(name: str) -> tuple[str, ...]:
    folder = f"etc/pve/nodes/{name}"
    return tuple(f"{folder}/{file}" for file in (*_CERTIFICATES, _HOST_KEYS))


def _pins(files: Mapping[str, bytes], name: str) -> tuple[Pin, ...]:
    """The very certificate; or, for the one that PVE makes, a later one from the same CA."""

    def read(path: str) -> bytes:
        try:
            return files[path]
        except KeyError:
            raise Missing(f"{path} is not there.") from None

    try:
        found = pveproxy_certificate(read, name)
    except Unreadable:
        return ()
    exact = Pin(certificate_pem=found.certificate_pem)
    return (exact, Pin(ca_pem=found.ca_pem)) if found.ca_pem else (exact,)


def _leaves(pins: Iterable[Pin]) -> Iterator[bytes]:
    """The very certificates, as DER."""
    for pin in pins:
        with suppress(UsageError):  # rubbish, of which `https` tells
            if pin.certificate_pem is not None:
                yield ders(pin.certificate_pem)[0]


def _known_hosts(files: Mapping[str, bytes], name: str) -> bytes:
    """As PVE itself calls ssh (PVE::SSHInfo, ssh_info_to_ssh_opts): the node's own file, which
    there is since PVE 8.2; else the one of the whole cluster, else that of this machine.
    """
    places = (_of(name)[-1], _OF_CLUSTER, _OF_MACHINE)
    return next((files[place] for place in places if place in files), b"")
