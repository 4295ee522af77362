"""When a node stays quorate. Source: reference 11.2."""

from __future__ import annotations

from pve_auth_tui.core.snapshot import Snapshot

_ALONE = "a node in no cluster always has quorum"


def keeps_quorum(snapshot: Snapshot) -> str:
    """Why a node can never lose quorum, as a clause; "" where it can, or that is not known."""
    cluster = snapshot.cluster.value
    return _ALONE if cluster is not None and cluster.name is None else ""


def keeps_quorum_alone(snapshot: Snapshot) -> str:
    """The same for a node that reaches no other one."""
    cluster = snapshot.cluster.value
    if cluster is not None and cluster.name is not None and len(cluster.nodes) == 1:
        return "the cluster has no other node"
    return keeps_quorum(snapshot)


def is_known(snapshot: Snapshot) -> bool:
    """Whether there is a cluster or not."""
    return snapshot.cluster.value is not None
