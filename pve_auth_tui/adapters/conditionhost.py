"""What this machine alone tells: units, processes, /etc/pve's mount, disks, the clock."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import pve_auth_tui
from pve_auth_tui.adapters.conditionchild import ANSWERS, BEGUN
from pve_auth_tui.adapters.conditionrun import STILL, Answer, Run
from pve_auth_tui.adapters.conditionwait import Found
from pve_auth_tui.core.recover.condition import SERVICES, Disk, Mount, Pmxcfs
from pve_auth_tui.core.recover.hosttextproc import (
    MountLine,
    Process,
    is_fuse,
    is_local_mode,
    is_pmxcfs,
    read_mounts,
    read_status,
)
from pve_auth_tui.core.recover.hosttextunits import (
    UNIT_PROPERTIES,
    chrony_is_synchronised,
    is_synchronised,
    states_of_processes,
    unit_states,
)

SYSTEMCTL: Final = "/usr/bin/systemctl"
TIMEDATECTL: Final = "/usr/bin/timedatectl"
CHRONYC: Final = "/usr/bin/chronyc"
DISKS: Final = ("", "var/lib/pve-cluster", "var/log", "run")
"""Folders below the root whose file systems must not be full."""

_START: Final = (
    "import sys; sys.path.append(sys.argv[1]);"
    " from pve_auth_tui.adapters.conditionchild import main; main()"
)
_GONE: Final = frozenset({errno.ENOTCONN, errno.ECONNABORTED, errno.EIO})
_DAEMONS: Final = frozenset({0, 33})  # root; www-data, whose number base-passwd fixes (pveproxy)
# After an error ext4 of newer kernels (6.15) says this, and no longer that it is read-only.
_STOPPED: Final = "emergency_ro"
_MOST: Final = 64 * 1024  # bytes of a command line


class Processes(NamedTuple):
    """The names of those that belong to root or www-data, and pmxcfs among them. `complete`:
    nothing is hidden from us.
    """

    names: frozenset[str]
    pmxcfs: Pmxcfs | None
    complete: bool


def processes(proc: Path) -> Processes:
    """Of this machine, not of its containers. Raises OSError when there is no /proc."""
    own = _namespace(proc / "self")
    found: dict[int, Process] = {}
    complete = False
    for name in os.listdir(proc):
        if not name.isdigit():
            continue
        with suppress(OSError):  # it has ended meanwhile, or is hidden
            read = read_status((proc / name / "status").read_text(errors="replace"))
            complete |= name == "1"
            if read and read.uid in _DAEMONS and _namespace(proc / name) in {own, ""}:
                found[int(name)] = read
    names = frozenset(one.name for one in found.values())
    return Processes(names, _pmxcfs(proc, found), complete)


def _pmxcfs(proc: Path, found: dict[int, Process]) -> Pmxcfs | None:
    """Root's: whoever else calls a process so serves nothing."""
    for pid, one in sorted(found.items()):
        if one.name != "pmxcfs" or one.uid != 0:
            continue
        with suppress(OSError):
            if is_pmxcfs(os.readlink(proc / f"{pid}/exe")):
                with open(proc / f"{pid}/cmdline", "rb") as file:
                    return Pmxcfs(pid, is_local_mode(file.read(_MOST)))
    return None


def _namespace(process: Path) -> str:
    """Of process numbers; "" when that is not for us to see. Containers have one of their own."""
    try:
        return os.readlink(process / "ns/pid")
    except OSError:
        return ""


def services(run: Run, seen: Processes | None, seconds: float) -> Found:
    """As systemd says; as the processes say, where it does not answer."""
    names = [f"{name}.service" for name in SERVICES]
    wanted = f"--property={','.join(UNIT_PROPERTIES)}"
    answer = run((SYSTEMCTL, "show", wanted, "--", *names), seconds)
    states = unit_states(answer.text) if not answer.why else {}
    if all(name in states for name in SERVICES):
        return Found({"services": {name: states[name] for name in SERVICES}})
    trouble = [f"Of the services only the processes are known: {_of(SYSTEMCTL, answer)}."]
    if seen is None:
        trouble = [f"The services are not known: {_of(SYSTEMCTL, answer)}."]
    names_seen: Iterable[str] = seen.names if seen else ()
    told = states_of_processes(names_seen, seen is not None and seen.complete)
    return Found({"services": told | states}, tuple(trouble))


def clock(run: Run, seconds: float) -> Found:
    """As systemd-timedated says (the kernel's own mark); as chrony says, where it does not."""
    properties = ("--property=NTPSynchronized", "--property=NTP")
    answer = run((TIMEDATECTL, "show", *properties), seconds / 2)
    found = is_synchronised(answer.text)
    if found is None:
        found = chrony_is_synchronised(run((CHRONYC, "-n", "tracking"), seconds / 2).text)
    if found is None:
        why = _of(TIMEDATECTL, answer)
        return Found({}, (f"Whether the clock follows a time server is not known: {why}.",))
    return Found({"synchronised": found})


def mounts(proc: Path) -> tuple[MountLine, ...]:
    """The kernel's table: nothing in it is touched. Raises OSError."""
    return read_mounts((proc / "self/mountinfo").read_text(errors="replace"))


def mount_of(run: Run, folder: Path, table: tuple[MountLine, ...], seconds: float) -> Found:
    """What /etc/pve is. It hangs only when the child says that it began."""
    if not is_fuse(table, str(folder)):
        return Found({"mount": Mount.BARE})
    answer = run(_child("mount", str(folder)), seconds)
    lines = answer.text.split("\n")
    if ANSWERS in lines:
        return Found({"mount": Mount.ANSWERS})
    number = int(lines[1]) if len(lines) > 1 and lines[1].isdecimal() else 0
    if number in _GONE:
        return Found({"mount": Mount.BROKEN})
    if not number and (answer.why == STILL or (BEGUN in lines and answer.why)):
        return Found({"mount": Mount.HANGS})
    why = os.strerror(number) if number else _of("the process that looks", answer)
    return Found({}, (f"Whether {folder} answers is not known: {why}.",))


def disks(run: Run, folders: Sequence[Path], table: tuple[MountLine, ...], seconds: float) -> Found:
    """Each file system once, under the first folder that lies on it."""
    answer = run(_child("disks", *map(str, folders)), seconds)
    stopped = {one.device for one in table if _STOPPED in one.options}
    lines = [_object(line) for line in answer.text.split("\n")]
    told = {str(line.get("path")): line for line in lines if line}
    found: dict[str, Disk] = {}
    trouble = [f"{path}: {line['error']}." for path, line in told.items() if "error" in line]
    for folder in map(str, folders):
        line = told.get(folder, {})
        if "device" in line:
            read_only = bool(line["read_only"]) or line["device"] in stopped
            disk = Disk(folder, line["free"], line["size"], read_only)
            found.setdefault(line["device"], disk)
        elif answer.why and "error" not in line:
            trouble.append(f"The disk of {folder} is not known: {_of('it', answer)}.")
    return Found({"disks": tuple(found.values())}, tuple(trouble))


def _child(what: str, *paths: str) -> tuple[str, ...]:
    package = Path(pve_auth_tui.__file__).parent.parent
    return (
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-X",
        "utf8",
        "-c",
        _START,
        str(package),
        what,
        *paths,
    )


def _of(tool: str, answer: Answer) -> str:
    """Why a tool told nothing, as a clause."""
    name = os.path.basename(tool)
    if answer.why:
        return f"{name} {answer.why}"
    return (
        f"{name} said `{answer.said[:120].rstrip('.')}`"
        if answer.said
        else f"{name} said nothing of use"
    )


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
