"""Which PVE a picture is of."""

from __future__ import annotations

from pve_auth_tui.core import versions
from pve_auth_tui.core.snapshot import Snapshot


def release_of(snapshot: Snapshot | None) -> str:
    """Its version of libpve-access-control: the exact one, else the PVE release's, else the newest.

    The newest is what PVE's rules are checked against where nobody knows the version, and where
    there is no picture yet.
    """
    cluster = snapshot.cluster.value if snapshot else None
    if cluster and cluster.access_control:
        return cluster.access_control
    if cluster and cluster.pve_release:
        return versions.access_control_of(cluster.pve_release)
    return versions.NEWEST
