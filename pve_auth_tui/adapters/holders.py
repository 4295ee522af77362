"""Who has files open: a database may only be exchanged while nobody does (R11).

Nothing here asks a file system about anybody's file: `stat` of a file in a dead mount would hang
for ever. The kernel itself tells the number of each open file (`fdinfo`) and of each mapped one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pve_auth_tui.core.errors import Refused

_INODE: Final = re.compile(r"^ino:\s*(\d+)$", re.MULTILINE)
_PMXCFS: Final = "pmxcfs"
_MOUNT: Final = "/etc/pve"
_VANISHED: Final = (FileNotFoundError, ProcessLookupError)
_END_IT: Final = "End it first: systemctl stop pve-cluster; then look with: fuser -v"


class Holder(NamedTuple):
    """A process, and the path under which it has one of the files."""

    pid: int
    name: str
    path: str


def require_unheld(files: Collection[int], proc: Path = Path("/proc")) -> None:
    """Raises Refused when anybody has one of these files open or mapped, or when that cannot be
    told. `files`: descriptors of this process, which are none of those that are looked for.
    """
    try:
        wanted = {_number(proc / f"self/fdinfo/{fd}"): os.fstat(fd).st_dev for fd in files}
        holder = next(_holders(wanted, frozenset(map(str, files)), proc), None)
    except OSError as error:
        raise _unknown(str(error)) from error
    if holder is not None:
        raise Refused(
            f"{holder.name} (process {holder.pid}) has {holder.path} open, so the database was "
            "left as it is.",
            f"{_END_IT} {holder.path}",
        )


def require_pmxcfs_stopped(proc: Path = Path("/proc")) -> None:
    """Raises Refused when a pmxcfs of root runs here, or something is mounted on /etc/pve."""
    try:
        for process in _processes(proc):
            try:
                is_root = os.stat(process).st_uid == 0
                if is_root and (process / "comm").read_text().strip() == _PMXCFS:
                    raise Refused(
                        f"pmxcfs runs (process {process.name}), and it holds the database.",
                        "Stop it: systemctl stop pve-cluster",
                    )
            except _VANISHED:
                continue
        mounts = (proc / "self/mountinfo").read_bytes().splitlines()
    except OSError as error:
        raise _unknown(str(error)) from error
    if any(line.split(b" ")[4:5] == [_MOUNT.encode()] for line in mounts):
        raise Refused(
            f"{_MOUNT} is still mounted, so a pmxcfs may be behind it.",
            f"systemctl stop pve-cluster; then, if it stays: umount -l {_MOUNT}",
        )


def _holders(wanted: Mapping[int, int], ours: Collection[str], proc: Path) -> Iterator[Holder]:
    for process in _processes(proc):
        known = ours if int(process.name) == os.getpid() else ()
        try:
            paths = [*_opened(process, wanted, known), *_mapped(process, wanted)]
            if paths:
                name = (process / "comm").read_text(errors="replace").strip()
                yield Holder(int(process.name), name, paths[0])
        except _VANISHED:
            continue


def _processes(proc: Path) -> Iterator[Path]:
    yield from (proc / name for name in os.listdir(proc) if name.isascii() and name.isdecimal())


def _opened(process: Path, wanted: Mapping[int, int], known: Collection[str]) -> Iterator[str]:
    for fd in set(os.listdir(process / "fd")).difference(known):
        try:
            path = os.readlink(process / "fd" / fd)
            # A pipe or a socket has no path. What is below /etc/pve is never looked at.
            if path.startswith("/") and not path.startswith(f"{_MOUNT}/"):
                number = _number(process / "fdinfo" / fd)
                if number in wanted and os.stat(process / "fd" / fd).st_dev == wanted[number]:
                    yield path
        except _VANISHED:
            continue


def _mapped(process: Path, wanted: Mapping[int, int]) -> Iterator[str]:
    """btrfs and zfs have another device number here than `stat` tells, so the inode decides."""
    with open(process / "maps", "rb") as lines:
        for line in lines:
            fields = line.rstrip(b"\n").split(None, 5)
            if len(fields) == 6 and int(fields[4]) in wanted and _is_of(fields[5]):
                yield os.fsdecode(fields[5])


def _is_of(path: bytes) -> bool:
    """Files of the database are mapped by SQLite alone, under their own names."""
    return path.removesuffix(b" (deleted)").rpartition(b"/")[2].startswith(b"config.db")


def _number(fdinfo: Path) -> int:
    """The inode of an open file, as the kernel tells it since Linux 5.14."""
    found = _INODE.search(fdinfo.read_text())
    if found is None:
        raise OSError(f"{fdinfo} does not name the file")
    return int(found[1])


def _unknown(original: str) -> Refused:
    return Refused(
        "Who has the database open cannot be told, so it was left as it is.",
        "/proc must be there, and all of it readable: run this as root.",
        original,
    )
