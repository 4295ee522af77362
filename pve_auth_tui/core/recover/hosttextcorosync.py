"""corosync.conf, and what corosync's tools print, read.

Never raises, whatever the text is; what cannot be understood is left out. Formats: corosync.conf(5)
as PVE::Corosync::parse_conf reads it (word by word, lines mean nothing); tools/corosync-cfgtool.c
(nodestatusget_do) and tools/corosync-quorumtool.c (display_quorum_data, display_nodes_data) of
corosync 3.1, compared with what 3.1.7 prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from pve_auth_tui.core.recover.condition import Votes

_MOST_LINKS: Final = 8  # KNET_MAX_LINK
_MOST_NODES: Final = 256
_ADDRESS: Final = re.compile(r"ring([0-7])_addr")
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_LINK: Final = re.compile(r"LINK ID ([0-9])\b", re.ASCII)
_OWN: Final = re.compile(r"\s+addr\s*=\s*(\S{1,256})", re.ASCII)
_PEER: Final = re.compile(r"\s+nodeid:?\s+([0-9]{1,10}):\s+(\S+)", re.ASCII)
_WHAT: Final = re.compile(r"(Expected votes|Total votes|Quorum):\s+([0-9]{1,9})\b", re.ASCII)
_DEVICE: Final = re.compile(r"\s*0\s+([0-9]{1,9})\s+Qdevice\b", re.ASCII)


class ConfNode(NamedTuple):
    """A node of corosync.conf; `addresses`: link number -> address or name."""

    name: str
    nodeid: int
    addresses: Mapping[int, str] = MappingProxyType({})


class CorosyncConf(NamedTuple):
    """What corosync.conf says. `device`: a QDevice has been set up."""

    nodes: tuple[ConfNode, ...] = ()
    two_node: bool = False
    device: bool = False

    def node(self, name: str) -> ConfNode | None:
        """The node of that name."""
        return next((one for one in self.nodes if one.name == name), None)

    def name_of(self, nodeid: int) -> str:
        """A node's name; its number where the file has none."""
        return next((one.name for one in self.nodes if one.nodeid == nodeid), "") or str(nodeid)


class ToolLink(NamedTuple):
    """A link as corosync-cfgtool tells it; `peers`: nodeid -> connected."""

    number: int
    address: str
    peers: Mapping[int, bool]


def read_corosync_conf(data: bytes) -> CorosyncConf:
    """Nodes in the order of the file."""
    nodes: list[ConfNode] = []
    two_node = device = False
    for path, values in _sections(data):
        if path == ("nodelist", "node") and len(nodes) < _MOST_NODES:
            found = ((_ADDRESS.fullmatch(key), value) for key, value in values.items())
            addresses = {int(link[1]): value for link, value in found if link and value}
            nodes.append(ConfNode(values.get("name", ""), _number(values.get("nodeid")), addresses))
        elif path == ("quorum",):
            two_node = values.get("two_node") == "1"
        elif path == ("quorum", "device"):
            device = bool(values.get("model"))
    return CorosyncConf(tuple(nodes), two_node, device)


def tool_links(text: str) -> tuple[ToolLink, ...]:
    """`corosync-cfgtool -s`; the node itself (`localhost`) is not among the peers."""
    links: list[ToolLink] = []
    peers: dict[int, bool] = {}
    for line in text.split("\n"):
        if (start := _LINK.match(line)) and len(links) < _MOST_LINKS:
            peers = {}
            links.append(ToolLink(int(start[1]), "", peers))
        elif links and (own := _OWN.match(line)):
            links[-1] = links[-1]._replace(address=own[1])
        elif (peer := _PEER.match(line)) and peer[2] != "localhost" and len(peers) < _MOST_NODES:
            peers[int(peer[1])] = peer[2] == "connected"
    return tuple(links)


def tool_votes(text: str, conf: CorosyncConf) -> Votes | None:
    """`corosync-quorumtool -s`; None when it holds no votes, as when corosync does not run.

    A registered QDevice stands in the flags; the line of node 0 has the votes that it gives now.
    """
    found: dict[str, int] = {}
    flags: list[str] = []
    given = 0
    for line in text.split("\n"):
        if line.startswith("Flags:"):
            flags = line.split()[1:]
        elif what := _WHAT.match(line):
            found.setdefault(what[1], int(what[2]))
        elif device := _DEVICE.match(line):
            given = int(device[1])
    if "Total votes" not in found:
        return None
    return Votes(
        present=found["Total votes"],
        expected=found.get("Expected votes"),
        needed=found.get("Quorum"),
        two_node="2Node" in flags or conf.two_node,
        device=given > 0 if conf.device or "Qdevice" in flags else None,
    )


def _sections(data: bytes) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """(path, values) of each section, when it ends; one that never ends is not told."""
    lines = data.decode(errors="replace").split("\n")
    words = iter([word for line in lines for word in line.partition("#")[0].split()])
    open_: list[tuple[str, dict[str, str]]] = []
    last = ""
    for word in words:
        if word == "{":
            open_.append((last, {}))
        elif word == "}":
            if open_:
                if len(open_) <= 2:
                    yield tuple(name for name, _ in open_), open_[-1][1]
                open_.pop()
        elif word.endswith(":") and open_:
            open_[-1][1][word[:-1]] = next(words, "")
        last = word


def _number(text: str | None) -> int:
    return int(text) if text and _NUMBER.fullmatch(text) else 0
