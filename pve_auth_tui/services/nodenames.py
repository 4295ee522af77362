"""Under which names browsers open the web interface of each node, as far as its files tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.cluster import full_name, node_name
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.hostnames import host_name, is_address
from pve_auth_tui.core.ports import Tree
from pve_auth_tui.core.publicsuffix import IsSuffix, is_known_suffix
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthnorigin import PORT
from pve_auth_tui.core.webauthnremarks import Known

_NODES: Final = "etc/pve/nodes"
_HOSTS: Final = "etc/hosts"
_CERTIFICATES: Final = ("pveproxy-ssl.pem", "pve-ssl.pem")
"""The admin's own, which browsers trust, before PVE's."""
_MOST: Final = 8  # names of one node
_NOWHERE: Final = "only its bare name is known"
_UNREAD: Final = "nothing of it can be read from here"

NamesIn = Callable[[bytes], tuple[str, ...]]
"""The names of a certificate (PEM), untrusted. Raises Unreadable."""


class NodeName(NamedTuple):
    """`full`: the name with its domain, or the bare one where no other is known; `why`: where it
    is from, as a clause; `others`: further names and addresses of it.
    """

    node: str
    full: str
    why: str
    others: tuple[str, ...] = ()


class NodeNames:
    """Blocking. `open_tree` gives PVE's files, None where there are none to read (over https).

    `host`: name and port by which PVE is asked, `pve1.example.com:8006`, "" where it is not asked
    at all; `is_suffix`: which domains are public.
    """

    def __init__(
        self,
        open_tree: Callable[[], Tree | None],
        names_in: NamesIn,
        host: Callable[[], str],
        is_suffix: IsSuffix = is_known_suffix,
    ) -> None:
        self._open_tree = open_tree
        self._names_in = names_in
        self._host = host
        self._is_suffix = is_suffix

    def known(self, snapshot: Snapshot) -> Known:
        """The same as the rules of the settings want it."""
        found = self.read(snapshot)
        if all(one.why == _UNREAD for one in found):
            found = ()  # a bare name would be taken for the whole one
        whole = {one.node: one.full for one in found}
        more = dict.fromkeys(name for one in found for name in one.others)
        others = tuple(name for name in more if name not in whole.values())
        here = next(iter(whole.values()), "")  # this node comes first
        host = self._host() or (f"{here}:{PORT}" if here else "")
        return Known(whole, others, host, self._is_suffix)

    def read(self, snapshot: Snapshot) -> tuple[NodeName, ...]:
        """Every node of the cluster, this one first; nothing that cannot be read is an error."""
        cluster = snapshot.cluster.value
        here = cluster.node if cluster else ""
        known = [node.name for node in cluster.nodes] if cluster else []
        try:
            tree = self._open_tree()
        except Unreadable:
            tree = None
        addresses = {node.name: node.ip for node in cluster.nodes} if cluster else {}
        nodes = dict.fromkeys([*filter(None, [here]), *known, *_folders(tree)])
        return tuple(self._of(tree, node, here, addresses.get(node) or "") for node in nodes)

    def _of(self, tree: Tree | None, node: str, here: str, address: str) -> NodeName:
        if tree is None:
            opened = host_name(self._host().rpartition(":")[0]) if node == here else ""
            full, why = (opened, "as it was opened") if "." in opened else (node, _UNREAD)
            return NodeName(node, full, why, (address,) if address else ())
        custom, own = (self._certified(tree, node, file) for file in _CERTIFICATES)
        hosts = host_name(full_name(node, _read(tree, _HOSTS))) if node == here else ""
        found = [
            *((name, f"as its {_CERTIFICATES[0]} says") for name in _whole(custom, node)),
            *((name, "as /etc/hosts says") for name in _whole([hosts], node)),
            *((name, f"as its {_CERTIFICATES[1]} says") for name in _whole(own, node)),
        ]
        full, why = found[0] if found else (node, _NOWHERE)
        others = dict.fromkeys([*(name for name, _ in found), node, *custom, *own, address])
        return NodeName(
            node, full, why, tuple(one for one in others if one and one != full)[:_MOST]
        )

    def _certified(self, tree: Tree, node: str, file: str) -> list[str]:
        """Names and addresses that a browser could open; a wildcard stands for the node below."""
        try:
            names = self._names_in(tree.read(f"{_NODES}/{node}/{file}"))
        except Unreadable:
            return []
        spelled = (f"{node}{name[1:]}" if name.startswith("*.") else name for name in names)
        return [found for name in spelled if (found := _address(name) or host_name(name))]


def _whole(names: Sequence[str], node: str) -> list[str]:
    """Names with a domain, those that begin with the node's before others."""
    whole = [name for name in names if "." in name and not is_address(name)]
    return sorted(whole, key=lambda name: not name.startswith(f"{node.lower()}."))


def _address(name: str) -> str:
    return name if is_address(name) else ""


def _folders(tree: Tree | None) -> list[str]:
    try:
        return [name for name in tree.names(_NODES) if node_name(name) == name] if tree else []
    except Unreadable:
        return []


def _read(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path)
    except Unreadable:
        return b""
