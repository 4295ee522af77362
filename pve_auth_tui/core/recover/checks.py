"""What is looked at of the node: quorum, services, clock, disks, how PVE is reached, /etc/pve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.node import DATABASE, FILES, PVESH
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.check import Check
from pve_auth_tui.core.recover.condition import Disk, Mount, Service
from pve_auth_tui.core.recover.facts import (
    DOWN,
    clock_problem,
    clustered,
    in_all,
    is_quorate,
    quorum_text,
)
from pve_auth_tui.core.recover.situation import Situation

_DAEMONS: Final = ("pve-cluster", "pvedaemon", "pveproxy")
_IN_A_CLUSTER: Final = ("corosync", *_DAEMONS)
_WITHOUT: Final = {
    "corosync": "without it there is no quorum",
    "pve-cluster": "it is pmxcfs, which serves /etc/pve",
    "pvedaemon": "the web interface opens, and every login fails",
    "pveproxy": "the web interface does not open at all",
}
_MIB: Final = 1024 * 1024


def node_checks(situation: Situation) -> Iterator[Check]:
    """One line where all is well; each thing that is not has its own."""
    condition = situation.condition
    if condition.rescue:
        yield Check("LOOK", "node", f"not this system's: files below {plain(condition.rescue)}")
        return
    if not condition.here:
        text = f"{quorum_text(situation)}; its machine cannot be looked at from here"
        yield Check("-", "node", text)
        return
    found = [*_services(situation), *_clock(situation), *_disks(situation), *_lowered(situation)]
    found += _held_locks(situation)
    facts = [] if is_quorate(situation) is False else [quorum_text(situation)]
    facts += _services_fact(situation, found)
    facts += _clock_fact(situation, found)
    facts += _disk_fact(situation, found)
    text = ", ".join(facts)
    if text:
        unknown = "not known" in text or "unknown" in text
        yield Check("LOOK" if unknown else "ok", "node", text)
    yield from found


def _held_locks(situation: Situation) -> Iterator[Check]:
    """PVE waits 10 s for a lock, and gives one up after two minutes (reference 11.1)."""
    cluster = situation.snapshot.cluster.value
    if cluster is not None and cluster.locks:
        names = ", ".join(map(plain, cluster.locks))
        text = f"{names}: somebody holds it; until then a change fails after 10 s"
        yield Check("LOOK", "lock", text, ("PVE gives a lock up that is two minutes old.",))


def way_check(situation: Situation) -> Check:
    """How PVE is reached, and why the better ways are not used."""
    node = situation.node
    words: dict[str, Word] = {FILES: "LOOK", DATABASE: "LOOK", PVESH: "ok"}
    word = words.get(node.way, "ok" if node.asks_pve else "-")
    more = tuple(
        plain(f"{one.way}: {one.reason} {one.hint}".strip()) for one in node.tried if one.reason
    )
    text = f"PVE is reached by {node.shown}"
    if not node.asks_pve and not node.waiting:
        text = f"PVE's API does not answer: {node.shown}"
    return Check(word, "way", text, more)


def mount_check(situation: Situation) -> Iterator[Check]:
    """What /etc/pve is; nothing is said where it is well and the API answers."""
    condition = situation.condition
    if not condition.here or condition.rescue:
        return
    local = condition.pmxcfs is not None and condition.pmxcfs.local
    match condition.mount:
        case Mount.HANGS:
            text = "takes a request and does not answer: do not look into it, not even with ls"
            yield Check("BAD", "/etc/pve", text)
        case Mount.BROKEN:
            text = "pmxcfs was killed: Transport endpoint is not connected"
            yield Check("BAD", "/etc/pve", text)
        case Mount.BARE:
            yield Check("BAD", "/etc/pve", "not mounted: pmxcfs does not run")
        case Mount.UNKNOWN:
            yield Check("-", "/etc/pve", "whether it is mounted could not be told")
        case Mount.ANSWERS if local:
            text = "pmxcfs runs in local mode: what is changed here, no other node gets"
            yield Check("LOOK", "/etc/pve", text)
        case _:
            yield Check("ok", "/etc/pve", "mounted, and answers")


# --- the parts of the node's line ---------------------------------------------------------------


def _services(situation: Situation) -> Iterator[Check]:
    names = _IN_A_CLUSTER if clustered(situation) else _DAEMONS
    for name in names:
        how = situation.condition.service(name)
        if how in DOWN or (how is Service.ABSENT and name == "corosync"):
            word: Word = "BAD"
            yield Check(word, name, f"{how.value}: {_WITHOUT[name]}", (_log_of(name),))


def _log_of(name: str) -> str:
    return f"Why: journalctl -b -u {name} -n 50 --no-pager"


def _services_fact(situation: Situation, found: list[Check]) -> list[str]:
    names = _IN_A_CLUSTER if clustered(situation) else _DAEMONS
    states = [situation.condition.service(name) for name in names]
    if any(check.subject in names for check in found):
        return []
    if all(state is Service.RUNS for state in states):
        return ["services run"]
    return ["services: not known"]


def _clock(situation: Situation) -> Iterator[Check]:
    if problem := clock_problem(situation):
        text = f"{problem}: TOTP codes and tickets are refused"
        yield Check("BAD", "clock", text, ("What it is: timedatectl; chronyc tracking",))
    elif situation.condition.synchronised is False:
        text = "follows no time server: TOTP fails once it is 30 s off"
        yield Check("LOOK", "clock", text, ("What it is: timedatectl; chronyc sources",))


def _clock_fact(situation: Situation, found: list[Check]) -> list[str]:
    if any(check.subject == "clock" for check in found):
        return []
    return ["clock in step" if situation.condition.synchronised else "clock: not known"]


def _disks(situation: Situation) -> Iterator[Check]:
    for disk in situation.condition.disks:
        place = plain(disk.path)
        if disk.read_only:
            text = f"{place} is read-only: nothing can be changed or recorded there"
            yield Check("BAD", "disk", text, ("Why: dmesg | grep -iE 'remount|I/O error'",))
        elif disk.is_full:
            text = f"{place} is full ({disk.free // _MIB} MiB free): PVE can store nothing there"
            yield Check("BAD", "disk", text, ("What takes it: du -xh --max-depth=2 / | sort -h",))
        elif _used(disk) >= 90:
            yield Check("LOOK", "disk", f"{place} {_used(disk)} % full")


def _disk_fact(situation: Situation, found: list[Check]) -> list[str]:
    if any(check.subject == "disk" for check in found):
        return []
    disks = situation.condition.disks
    if not disks:
        return ["disk: not known"]
    return [f"disk {max(map(_used, disks))} % full"]


def _lowered(situation: Situation) -> Iterator[Check]:
    """After `pvecm expected 1`, as long as nobody asked for all votes again."""
    votes, nodes = situation.condition.votes, in_all(situation)
    if votes is None or votes.expected is None or is_quorate(situation) is not True:
        return
    if votes.expected < nodes and nodes > 1:
        text = f"{votes.expected} expected instead of {nodes}: somebody lowered them"
        yield Check("LOOK", "votes", text, ("pvecm status tells; they are given back below.",))


def _used(disk: Disk) -> int:
    return 100 - int(100 * disk.free / disk.size) if disk.size > 0 else 0
