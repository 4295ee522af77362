"""What follows from how the machine does, asked by diagnosis and ways alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.headline import quorum_words
from pve_auth_tui.core.logins import entries_of
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.condition import Condition, Disk, Neighbour, Service
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.totp import stored
from pve_auth_tui.core.words import span

DOWN: Final = (Service.STOPPED, Service.FAILED)

_STEP: Final = 30.0  # seconds; a code that is off by more than one period is refused


def here(situation: Situation) -> str:
    """This node's name; `this node` where nobody knows it."""
    cluster = situation.snapshot.cluster.value
    return plain(situation.condition.node or (cluster.node if cluster else "")) or "this node"


def names(neighbours: Sequence[Neighbour]) -> str:
    """`pve2`, `pve2 and pve3`, `pve2, pve3 and pve4`."""
    found = [plain(one.name) for one in neighbours]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


# --- the cluster ------------------------------------------------------------------------------


def clustered(situation: Situation) -> bool | None:
    """Whether this node belongs to a cluster; None where nobody knows."""
    if situation.condition.clustered is not None:
        return situation.condition.clustered
    cluster = situation.snapshot.cluster.value
    return None if cluster is None else cluster.name is not None


def is_quorate(situation: Situation) -> bool | None:
    """A node whose corosync does not run has no quorum, whatever was read before."""
    condition = situation.condition
    if condition.pmxcfs is not None and condition.pmxcfs.local:
        return True
    if condition.clustered and condition.service("corosync") in (*DOWN, Service.ABSENT):
        return False
    cluster = situation.snapshot.cluster.value
    said = situation.node.quorate
    return said if said is not None or cluster is None else cluster.quorate


def quorum_text(situation: Situation) -> str:
    """`quorate 3/3`, `standalone`, `quorum unknown`."""
    cluster = situation.snapshot.cluster.value
    return quorum_words(cluster) if cluster else "quorum unknown"


def neighbours(situation: Situation) -> tuple[Neighbour, ...]:
    """All other nodes of the cluster; those whom nobody asked yet have `alive` None."""
    told = situation.condition.neighbours
    cluster = situation.snapshot.cluster.value
    known = {one.name for one in told} | {cluster.node if cluster else ""}
    known.add(situation.condition.node)
    more = (Neighbour(one.name) for one in (cluster.nodes if cluster else ()))
    return (*told, *(one for one in more if one.name not in known))


def not_asked(situation: Situation) -> tuple[Neighbour, ...]:
    """Other nodes of which nothing is known yet."""
    return tuple(one for one in neighbours(situation) if one.alive is None and not one.why)


def unsettled(situation: Situation) -> tuple[Neighbour, ...]:
    """Other nodes that were asked, and may live or not: a port that is refused, no way to them."""
    return tuple(one for one in neighbours(situation) if one.alive is None and one.why)


def in_all(situation: Situation) -> int:
    """How many nodes the cluster has, this one included."""
    cluster = situation.snapshot.cluster.value
    return max(len(cluster.nodes) if cluster else 0, len(neighbours(situation)) + 1)


# --- the machine ------------------------------------------------------------------------------


def daemon_is_down(condition: Condition, name: str) -> bool:
    """Of a unit: it is known not to run."""
    return condition.here and condition.service(name) in DOWN


def full_disks(condition: Condition) -> tuple[Disk, ...]:
    """Those on which nothing of use can be written."""
    return tuple(disk for disk in condition.disks if disk.is_full and not disk.read_only)


def read_only_disks(condition: Condition) -> tuple[Disk, ...]:
    """Those that take no writes; with a rescue system that may be so on purpose."""
    return () if condition.rescue else tuple(one for one in condition.disks if one.read_only)


def clock_problem(situation: Situation) -> str:
    """How it is known that this node's clock is wrong, as a clause; "" when nothing says so.

    The others' clocks, by their median; and codes that were right at a time that is yet to come.
    """
    told = sorted(one.ahead for one in situation.condition.neighbours if one.ahead is not None)
    if told and abs(off := told[(len(told) - 1) // 2]) > _STEP:
        return f"{span(abs(off))} {'behind' if off > 0 else 'ahead of'} the other nodes"
    for entry in entries_of(situation.snapshot, situation.userid):
        used = last_code(entry)
        if used > situation.now + 2 * _STEP:
            return f"behind: a TOTP code was right {span(used - situation.now)} from now"
    return ""


def last_code(entry: TfaEntry) -> float:
    """When the last right code of a TOTP entry was shown (seconds since 1970); 0: nobody knows."""
    found = stored(entry)
    return float(found[1] * found[0].period) if found and found[1] > 0 else 0.0
