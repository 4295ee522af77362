"""Under which addresses the other nodes of a cluster are known here.

Everything in these files is somebody else's text, and becomes a part of a command line or a place
to connect to: so only addresses and names of hosts come out of it, never those of this machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from pve_auth_tui.core.cluster import node_name, parse_members
from pve_auth_tui.core.hostnames import host_name
from pve_auth_tui.core.recover.hosttextcorosync import read_corosync_conf

MOST_NODES: Final = 64  # corosync's own limit for a cluster is lower
MOST_PLACES: Final = 10  # per node: eight links, what pmxcfs knows, /etc/hosts
_MOST_LINES: Final = 10_000  # of /etc/hosts


class Known(NamedTuple):
    """The other nodes, sorted, each with its addresses and, where /etc/hosts does not tell their
    address, host names; those of corosync's links first. `own`: the addresses of this node.
    """

    places: Mapping[str, tuple[str, ...]]
    own: frozenset[str]


def address(text: str) -> str:
    """The address as it is written most shortly; "" for what is none, or none of another machine:
    loopback, `0.0.0.0`, multicast, and IPv6 ones that need an interface beside them.
    """
    if "%" in text:  # an interface's name may be anything
        return ""
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return address(str(found.ipv4_mapped))
        if found.is_link_local:
            return ""
    alone = found.is_loopback or found.is_unspecified or found.is_multicast
    return "" if alone or str(found) == "255.255.255.255" else str(found)


def known_addresses(
    own: str, corosync: Sequence[bytes], members: bytes = b"", hosts: bytes = b""
) -> Known:
    """What is known of the nodes other than `own`.

    `corosync`: each corosync.conf that there is; `members`: /etc/pve/.members, and `hosts`:
    /etc/hosts, b"" without. Takes whatever the bytes are.
    """
    told: dict[str, list[str]] = {}
    for configured in corosync:
        conf = read_corosync_conf(configured)
        for one in conf.nodes:
            is_name = one.name and node_name(one.name) == one.name
            if is_name and conf.node(one.name) is one:  # of two with one name the first
                rings = [text for _, text in sorted(one.addresses.items())]
                told.setdefault(one.name, []).extend(rings)
    running = parse_members(members)
    for member in running.nodes if running else ():
        told.setdefault(member.name, []).extend([member.ip] if member.ip else [])
    by_name = _hosts(hosts)
    places = {
        node: _places([*texts, *by_name.get(node.lower(), ())], by_name)
        for node, texts in told.items()
    }
    for_us = by_name.get(own.lower(), ())
    ours = {place for node, found in places.items() if _same(node, own) for place in found}
    others = sorted(node for node in places if not _same(node, own))[:MOST_NODES]
    mine = frozenset({*ours, *filter(None, map(address, for_us))})
    return Known(
        {
            node: tuple(place for place in places[node] if place not in mine)[:MOST_PLACES]
            for node in others
        },
        mine,
    )


def _same(node: str, own: str) -> bool:
    return node.lower() == own.lower()


def _places(texts: Iterable[str], by_name: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Addresses as they are, names as /etc/hosts has them, else themselves; each once."""
    found: list[str] = []
    for text in texts:
        if name := host_name(text):
            literal = [one for one in map(address, by_name.get(name, ())) if one]
            found += literal or ([] if name in by_name else [name])
        elif one := address(text):
            found.append(one)
    return tuple(dict.fromkeys(found))


def _hosts(data: bytes) -> dict[str, list[str]]:
    """Name in lower case -> what /etc/hosts has in front of it."""
    found: dict[str, list[str]] = {}
    for line in data.decode(errors="replace").split("\n")[:_MOST_LINES]:
        first, *names = line.partition("#")[0].split()[:100] or [""]
        for name in names:
            found.setdefault(name.lower(), []).append(first)
    return found
