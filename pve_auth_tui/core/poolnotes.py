"""What is worth knowing about a pool's members: who gets rights by it, where guests are now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pve_auth_tui.core.aclindex import acl_index, parents
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.pathtree import pool_path
from pve_auth_tui.core.perltext import shown_number
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import Pool, UserConfig
from pve_auth_tui.core.words import listed


def rights_lines(config: UserConfig, name: str) -> Sequence[Line]:
    """Below the form of a pool: whose roles its members get, and what that does to them."""
    path, index = pool_path(name), acl_index(config)
    given: dict[str, list[str]] = {}
    for level in (path, *parents(path)[:-1]):  # what holds on / holds for members anyway
        for subject, here in index.levels.get(level, {}).items():
            roles = [entry.role for entry in here if entry.propagate or level == path]
            if roles and subject not in given:  # the nearest path replaces those above it
                where = "" if level == path else f" (on {level})"
                given[subject] = [f"{subject} {role}{where}" for role in roles]
    if not given:
        return (Line("no entry on the pool, nor on one that it is in", "Rights"),)
    return (
        Line(listed([grant for grants in given.values() for grant in grants], 6), "Rights"),
        Line(
            "Members get these roles beside those that they have: of all entries on a member's "
            "own path only NoAccess takes them away.",
            word="-",
        ),
    )


def guest_words(snapshot: Snapshot, vmid: int, pools: Mapping[int, str]) -> str:
    """`web-01 (pve2), in pool lab`; `pools`: where guests are."""
    inventory = snapshot.inventory.value
    guest = inventory.guests.get(vmid) if inventory else None
    who = f"{guest.name or 'no name'} ({guest.node})" if guest else "no such guest"
    return f"{who}, in pool {pools[vmid]}" if vmid in pools else who


def pools_of_guests(config: UserConfig) -> dict[int, str]:
    """VMID -> the pool that it is in."""
    return {vmid: pool.id for pool in config.pools.values() for vmid in pool.vms}


def moving(pools: Mapping[int, str], name: str, vms: Collection[str]) -> Sequence[str]:
    """Which of these guests are in another pool: `100 (lab)`."""
    return [
        f"{vmid} ({pools[int(vmid)]})"
        for vmid in vms
        if vmid.isdecimal() and pools.get(int(vmid), name) != name
    ]


def known_guests(snapshot: Snapshot) -> Sequence[int]:
    """The VMIDs to choose from, those that pools hold and the cluster does not have included."""
    inventory, config = snapshot.inventory.value, snapshot.access.value
    held = pools_of_guests(config) if config else {}
    return sorted({*(inventory.guests if inventory else ()), *held})


def known_stores(snapshot: Snapshot) -> Sequence[str]:
    """The storages to choose from, in the same way."""
    inventory, config = snapshot.inventory.value, snapshot.access.value
    pools = config.pools.values() if config else ()
    held = {name for pool in pools for name in pool.storage}
    return sorted({*(inventory.storages if inventory else ()), *held})


def vmids(pool: Pool) -> tuple[str, ...]:
    """Its guests as a form and a call have them."""
    return tuple(map(shown_number, pool.vms))
