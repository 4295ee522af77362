"""Commands on the simulated node: what systemctl, pvecm and pmxcfs do to its faults.

Each refuses where the real one does, in its words as far as they are known; what is not known
here is refused, too. A pmxcfs in local mode writes into the same files, and what it wrote stays
when it is handed back: which side wins on a real node when others changed something meanwhile
cannot be told here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.errors import CommandFailed
from pve_auth_tui.core.plan import HostCommand
from pve_auth_tui.core.recover.condition import Mount
from pve_auth_tui.simnode import units
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.probe import LOCAL_PID, PID

Say = Callable[[str], None]
Tool = Callable[[Faults, Sequence[str], Say], int]

_FULL: Final = "No space left on device"
_KILL: Final = frozenset({"-9", "-KILL", "-SIGKILL", "--signal=KILL"})
_TERM: Final = frozenset({"-15", "-TERM", "-SIGTERM", "--signal=TERM"})
_USAGE: Final = 2


class SimCommands:
    """Runs no command of this machine."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def run(self, command: HostCommand, on_line: Say) -> int:
        """0; raises CommandFailed as `adapters.host.run_command` does."""
        path, *rest = command.argv
        name = path.rpartition("/")[2]
        tool = _TOOLS.get(name)
        if tool is None or not path.startswith("/"):
            raise CommandFailed(f"{path} is no command of the simulated node.")
        if code := tool(self._faults, rest, on_line):
            raise CommandFailed(f"{name} ended with exit code {code}.")
        return 0


def _systemctl(faults: Faults, args: Sequence[str], say: Say) -> int:
    verb, *names = [arg for arg in args if not arg.startswith("-")] or [""]
    found = [name.removesuffix(".service") for name in names]
    if verb not in ("start", "stop", "restart", "reset-failed", "kill") or not found:
        say(f"Unknown command verb '{verb}'.")
        return 1
    for unit in found:
        if unit not in units.KNOWN:
            say(f"Failed to {verb} {unit}.service: Unit {unit}.service not found.")
            return 5
        if verb == "kill" and unit == units.PVE_CLUSTER:
            _end_pmxcfs(faults, hard=bool(_KILL.intersection(args)))
        if verb in ("stop", "restart"):
            units.stop(faults, unit)
        if verb in ("start", "restart"):
            if not units.start(faults, unit):
                say(
                    f"Job for {unit}.service failed because the control process exited with "
                    "error code."
                )
                say(f'See "systemctl status {unit}.service" and "journalctl -xeu {unit}.service".')
                return 1
            if unit == "chrony":
                faults.clock_wrong = False
    return 0


def _pvecm(faults: Faults, args: Sequence[str], say: Say) -> int:
    if len(args) != 2 or args[0] != "expected" or not args[1].isdecimal():
        say("ERROR: unknown command")
        return 255
    if "corosync" in faults.dead:
        say("Cannot initialize CMAP service")
        say("Unable to set expected votes: CS_ERR_LIBRARY")
        return 1
    if units.mount(faults) is not Mount.ANSWERS:
        say("ipcc_send_rec[1] failed: Connection refused")
        return 111
    faults.expected = int(args[1])
    return 0


def _pmxcfs(faults: Faults, args: Sequence[str], say: Say) -> int:
    if set(args) - {"-l", "--local"}:
        say(f"Unknown option {args[0]}")
        return 255
    if units.has_process(faults):
        say("[main] notice: unable to acquire pmxcfs lock - trying again")
        say("[main] crit: unable to acquire pmxcfs lock: Resource temporarily unavailable")
        return 255
    if faults.disk_full:
        say("[database] crit: sqlite3_open_v2 failed: database or disk is full")
        return 255
    if args:
        say("[main] notice: forcing local mode (although corosync.conf exists)")
    faults.local_mode = bool(args)
    faults.dead -= {"pmxcfs", "mount"}
    return 0


def _kill(faults: Faults, args: Sequence[str], say: Say) -> int:
    pids = [int(arg) for arg in args if arg.isdecimal()]
    runs = {LOCAL_PID if faults.local_mode else PID} if units.has_process(faults) else set()
    for pid in pids:
        if pid not in runs:
            say(f"kill: sending signal to {pid} failed: No such process")
            return 1
    if not pids or set(args) - _KILL - _TERM - {str(pid) for pid in pids} - {"-s", "KILL", "TERM"}:
        say("kill: not enough arguments")
        return 1
    _end_pmxcfs(faults, hard=bool(_KILL.union({"KILL"}).intersection(args)))
    return 0


def _killall(faults: Faults, args: Sequence[str], say: Say) -> int:
    """killall and pkill: by its exact name."""
    if "pmxcfs" not in args or set(args) - _KILL - _TERM - {"pmxcfs", "-x", "-e", "-w"}:
        say("Usage: killall [OPTION]... NAME")
        return _USAGE
    if not units.has_process(faults):
        say("pmxcfs: no process found")
        return 1
    _end_pmxcfs(faults, hard=bool(_KILL.intersection(args)))
    return 0


def _end_pmxcfs(faults: Faults, *, hard: bool) -> None:
    """One that hangs does not hear SIGTERM; one that is killed leaves its mount behind."""
    if faults.lingers or not units.has_process(faults):
        faults.lingers = faults.lingers and not hard
        return
    if units.mount(faults) is Mount.HANGS and not hard:
        return
    if not faults.local_mode:
        faults.stopped.add(units.PVE_CLUSTER)
    if hard:
        faults.dead.add("mount")
    faults.dead.add("pmxcfs")
    faults.local_mode = False


def _umount(faults: Faults, args: Sequence[str], say: Say) -> int:
    """umount and fusermount."""
    if "/etc/pve" not in args:
        say(f"umount: {args[-1] if args else ''}: not mounted.")
        return 32
    how, lazy = units.mount(faults), bool({"-l", "-z", "-uz", "-fl", "-lf"}.intersection(args))
    if how is Mount.BARE:
        say("umount: /etc/pve: not mounted.")
        return 32
    if how is not Mount.BROKEN and not lazy:
        say("umount: /etc/pve: target is busy.")
        return 32
    faults.lingers = units.has_process(faults)
    faults.local_mode = False
    faults.dead.discard("mount")
    faults.dead.add("pmxcfs")
    return 0


def _files(faults: Faults, args: Sequence[str], say: Say) -> int:
    """cp, mkdir, install: what needs room. Nothing is copied."""
    if faults.disk_full:
        say(f"error writing '{args[-1] if args else ''}': {_FULL}")
        return 1
    return 0


def _rm(faults: Faults, args: Sequence[str], say: Say) -> int:
    """A lock file's name; who holds the lock holds it all the same."""
    return 0


def _journalctl(faults: Faults, args: Sequence[str], say: Say) -> int:
    if not any(arg.startswith(("--vacuum-size=", "--vacuum-time=")) for arg in args):
        return 1
    freed = "2.1G" if faults.disk_full else "0B"
    faults.disk_full = False
    say(f"Vacuuming done, freed {freed} of archived journals from /var/log/journal.")
    return 0


def _apt_get(faults: Faults, args: Sequence[str], say: Say) -> int:
    if list(args) != ["clean"]:
        return 100
    faults.disk_full = False
    return 0


def _chronyc(faults: Faults, args: Sequence[str], say: Say) -> int:
    if "makestep" in args:
        faults.clock_wrong = False
    say("200 OK")
    return 0


_TOOLS: Final[Mapping[str, Tool]] = {
    "systemctl": _systemctl,
    "pvecm": _pvecm,
    "pmxcfs": _pmxcfs,
    "kill": _kill,
    "killall": _killall,
    "pkill": _killall,
    "umount": _umount,
    "fusermount": _umount,
    "fusermount3": _umount,
    "cp": _files,
    "mkdir": _files,
    "install": _files,
    "rm": _rm,
    "journalctl": _journalctl,
    "apt-get": _apt_get,
    "chronyc": _chronyc,
}
