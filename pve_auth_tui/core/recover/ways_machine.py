"""Ways back of the machine: dead daemons, a full disk, a wrong clock, another system's disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Effect, HostCommand
from pve_auth_tui.core.recover import tools
from pve_auth_tui.core.recover.causes import Cause
from pve_auth_tui.core.recover.condition import Service
from pve_auth_tui.core.recover.facts import daemon_is_down, full_disks, here, read_only_disks
from pve_auth_tui.core.recover.intents import commands
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.wayback import Kind, WayBack, about

_DAEMONS: Final = ("pvedaemon", "pveproxy")
_ROOM: Final = ("/", "/var")  # where the journal and apt's packages lie, or may lie
_FAILED: Final = "still dead? journalctl -b -u {} -n 50 --no-pager"
_CERTIFICATES: Final = (
    "pveproxy ends at once when its certificate is missing or broken: pvecm updatecerts --force"
)


def revive(condition_of: Mapping[str, Service], units: Sequence[str]) -> list[HostCommand]:
    """systemd starts a unit that failed too often only after it has forgotten that."""
    failed = [unit for unit in units if condition_of.get(unit) is Service.FAILED]
    return [tools.systemctl("reset-failed", *failed)] if failed else []


def daemons(situation: Situation) -> Iterator[WayBack]:
    """Start pvedaemon and pveproxy anew."""
    condition = situation.condition
    dead = [name for name in _DAEMONS if daemon_is_down(condition, name)]
    if not dead:
        return
    steps = [*revive(condition.services, dead), tools.systemctl("restart", *dead)]
    title = f"start {' and '.join(dead)} anew"
    told = [Effect(name, "is started anew; browsers that are logged in stay so") for name in dead]
    back = f"systemctl stop {' '.join(dead)} ends it again"
    lines = about(
        changes=f"{' and '.join(dead)} of {here(situation)}; no file of PVE's",
        risks="tasks that pvedaemon runs go on by themselves",
        back=back,
        more=(*(_FAILED.format(name) for name in dead), _CERTIFICATES),
    )
    intent = commands(title, steps, told, (f"No undo is needed: {back}.",))
    yield WayBack("daemons", title, "no file is changed", Kind.PLAN, lines, intent)


def disks(situation: Situation) -> Iterator[WayBack]:
    """Room for PVE to store anything."""
    full = full_disks(situation.condition)
    if not full:
        return
    paths = " ".join(plain(disk.path) for disk in full)
    look = (f"du -xh --max-depth=3 {paths} | sort -h | tail -20", "ls -lh /var/lib/vz/dump")
    if any(disk.path in _ROOM or disk.path.startswith("/var/") for disk in full):
        title = "make room: old journal files, apt's downloads"
        told = (
            Effect("the system's journal", "keeps its newest 200 MB"),
            Effect("apt", "its downloaded packages go"),
        )
        lost = "The oldest lines of the journal do not come back."
        lines = about(
            changes="the system's journal keeps 200 MB; apt's downloaded packages go",
            risks="old lines of the journal are evidence of who tried to log in: copy them first "
            "where that matters",
            back="not at all",
            do=look,
        )
        steps = [tools.vacuum(), tools.clean()]
        intent = commands(title, steps, told, (lost,))
        yield WayBack("room", title, "no file of PVE's", Kind.PLAN, lines, intent)
    lines = about(do=look, more=("Often: backups and ISO images on the system's disk.",))
    yield WayBack("look-room", f"see what fills {paths}", "changes nothing", Kind.SHOW, lines)


def read_only(situation: Situation) -> Iterator[WayBack]:
    """A disk that the kernel does not write to any more."""
    found = read_only_disks(situation.condition)
    if not found:
        return
    paths = [plain(disk.path) for disk in found]
    lines = about(
        changes="nothing by itself",
        risks="a disk that the kernel made read-only may be dying: copy what matters first",
        do=("dmesg | grep -iE 'error|remount' | tail -20", f"mount -o remount,rw {paths[0]}"),
    )
    title = f"find out why {' and '.join(paths)} is read-only"
    yield WayBack("read-only", title, "the disk first", Kind.SHOW, lines)


def clock(situation: Situation) -> Iterator[WayBack]:
    """Right time, for TOTP and tickets."""
    title = "set the clock by its time servers"
    lines = about(
        changes="the clock of this node jumps to what its time servers say",
        risks="tickets of browsers may end; jobs in between run late, or not at all",
        back="a jump is not taken back",
        do=("chronyc sources", "No server answers? date --set '2026-11-22 02:47:00' && hwclock -w"),
    )
    told = (Effect("the clock", "jumps to what the time servers say"),)
    lost = ("A jump of the clock is not taken back.",)
    intent = commands(title, [tools.step_clock()], told, lost)
    yield WayBack("clock", title, "codes are right again", Kind.PLAN, lines, intent)


def rescue(situation: Situation) -> Iterator[WayBack]:
    """Another system's disk: what works without PVE."""
    root = plain(situation.condition.rescue)
    lines = about(
        changes="nothing by itself",
        do=(
            f"chroot {root} passwd root",
            "Then boot the node: console and SSH ask for no second factor, and pveum works there.",
        ),
        more=("Web logins of root@pam use that password, too.",),
    )
    yield WayBack("boot", "set root's password, boot the node", "by hand", Kind.SHOW, lines)


def no_database(situation: Situation) -> Iterator[WayBack]:
    """No config.db: another machine, or a node that lost it. pmxcfs would make an empty one."""
    lines = about(
        changes="nothing",
        do=(
            "Is this a rescue system? Mount the node's root file system, for example at /mnt:",
            "pve-auth-tui --root /mnt recover",
        ),
        more=(
            "Is this the node itself? Do not start pve-cluster: pmxcfs makes an empty database "
            "where there is none. Look for copies first: /var/lib/pve-cluster/backup, "
            "/root/pve-cluster*, your backups; the other nodes of a cluster have the same data.",
        ),
    )
    title = "read a node's disk: pve-auth-tui --root /mnt recover"
    yield WayBack("other-root", title, "changes nothing", Kind.SHOW, lines)


OF_CAUSE: Final[Mapping[Cause, Callable[[Situation], Iterator[WayBack]]]] = {
    Cause.RESCUE: rescue,
    Cause.NOT_A_NODE: no_database,
    Cause.FULL_DISK: disks,
    Cause.READ_ONLY: read_only,
    Cause.PVEDAEMON: daemons,
    Cause.PVEPROXY: daemons,
    Cause.CLOCK: clock,
}
"""The ways of each cause of the machine."""
