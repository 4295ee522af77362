"""The commands of a node that Recover's plans are made of: absolute paths, no shell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pve_auth_tui.core.plan import HostCommand, Step

DATABASE_FOLDER: Final = "/var/lib/pve-cluster"
LOCK_FILE: Final = f"{DATABASE_FOLDER}/.pmxcfs.lockfile"

_KILL: Final = "/usr/bin/kill"
_LONG: Final = 180.0  # seconds; systemd itself gives a unit 90 to end


def systemctl(verb: str, *units: str) -> HostCommand:
    """`start`, `stop`, `restart`, `reset-failed` some units."""
    return HostCommand(("/usr/bin/systemctl", verb, *units), seconds=_LONG)


def expected(votes: int) -> HostCommand:
    """Until corosync starts anew, or the membership changes (reference 11.2)."""
    return HostCommand(("/usr/bin/pvecm", "expected", str(votes)))


def local_mode() -> HostCommand:
    """pmxcfs without the cluster; it goes to the background."""
    return HostCommand(("/usr/bin/pmxcfs", "-l"))


def kill(pid: int, *, hard: bool = False) -> HostCommand:
    """One process, by its number."""
    return HostCommand((_KILL, *(("-9",) if hard else ()), str(pid)))


def killed(steps: Iterable[Step]) -> frozenset[int]:
    """The numbers of the processes that they end by number."""
    commands = (step for step in steps if isinstance(step, HostCommand))
    return frozenset(int(one.argv[-1]) for one in commands if one.argv[0] == _KILL)


def unmount() -> HostCommand:
    """Takes a dead /etc/pve away, also while somebody waits in it."""
    return HostCommand(("/usr/bin/umount", "-l", "/etc/pve"))


def forget_lock() -> HostCommand:
    """Of a pmxcfs that has ended."""
    return HostCommand(("/usr/bin/rm", "-f", LOCK_FILE))


def copy_database(to: str) -> HostCommand:
    """config.db with what lies beside it (-wal and -shm)."""
    return HostCommand(
        ("/usr/bin/cp", "--archive", "--no-target-directory", DATABASE_FOLDER, to), seconds=_LONG
    )


def vacuum() -> HostCommand:
    """The journal's oldest files go."""
    return HostCommand(("/usr/bin/journalctl", "--vacuum-size=200M"), seconds=_LONG)


def clean() -> HostCommand:
    """Downloaded packages go; they can be downloaded again."""
    return HostCommand(("/usr/bin/apt-get", "clean"), seconds=_LONG)


def step_clock() -> HostCommand:
    """The clock jumps to what the time servers say."""
    return HostCommand(("/usr/bin/chronyc", "makestep"))
