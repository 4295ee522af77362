"""Line 1 of every screen: where am I, in PVE's words."""

from __future__ import annotations

from pve_auth_tui.core.node import Node, node_of
from pve_auth_tui.core.snapshot import Cluster, Snapshot


def quorum_words(cluster: Cluster) -> str:
    """`quorate 3/3`, `NO QUORUM 1/3`, `standalone`, or `quorum unknown`.

    A node that is in no cluster is always quorate (reference 11.2). Counts are nodes
    online and nodes in all, and left out where nobody can say who is online.
    """
    if cluster.name is None:
        return "standalone"
    known = any(node.online is not None for node in cluster.nodes)
    counts = f" {cluster.online}/{len(cluster.nodes)}" if known else ""
    if cluster.quorate is None:
        return "quorum unknown"
    return ("quorate" if cluster.quorate else "NO QUORUM") + counts


def where_am_i(snapshot: Snapshot, node: Node | None = None) -> tuple[tuple[str, int], ...]:
    """Facts for line 1 as (text, rank): where room is short, the highest rank goes first.

    `node` tells how the node is reached; without it, it is what the picture was read from.
    """
    cluster = snapshot.cluster.value
    facts: list[tuple[str, int]] = []
    if cluster:
        facts.append((cluster.node, 1))
        if cluster.name is not None:
            nodes = len(cluster.nodes)
            facts.append((f"{cluster.name}, {nodes} node{'s' if nodes != 1 else ''}", 6))
        facts.append((quorum_words(cluster), 2))
        if cluster.pve_release:
            facts.append((f"PVE {cluster.pve_release}", 5))
    else:
        facts.append(("node unknown", 1))
    facts.append(((node or node_of(snapshot)).shown, 3))
    if snapshot.demo:
        facts.append(("DEMO", 0))
    return tuple(facts)
