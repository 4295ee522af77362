"""On what a folder lies: memory, a disk of this node, a stick, another machine (Linux alone)."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final, NamedTuple

from pve_auth_tui.core.errors import Unreadable

IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
WITH_MODES: Final = frozenset(
    {*IN_MEMORY, "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "overlay"}
)
WITHOUT_MODES: Final = frozenset({"vfat", "msdos", "exfat", "ntfs3"})
"""What people format sticks with: everybody who can reach the files can read them."""

_LINE: Final = re.compile(
    r"(?P<id>\d+) \d+ (?P<device>\d+:\d+) \S+ \S+ \S+(?: \S+)* - "
    r"(?P<type>\S+) (?P<source>\S*) (?P<options>\S*)"
)
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
_MOST_LEVELS: Final = 4  # a file system in an encrypted volume on a partition


class Mount(NamedTuple):
    """`type`: of the file system; `options`: its own. `removable`: on a stick or the like.

    `swaps`: its content may be written to swap.
    """

    type: str
    options: frozenset[str]
    removable: bool = False
    swaps: bool = False


def mount_of(folder: int, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> Mount:
    """What an open folder lies on. Raises Unreadable when the kernel does not say."""
    try:
        info = (proc / f"self/fdinfo/{folder}").read_text()
        table = (proc / "self/mountinfo").read_text(errors="surrogateescape")
        has_swap = len((proc / "swaps").read_text().splitlines()) > 1
    except OSError as error:
        raise _unknown(str(error)) from error
    wanted = re.search(r"^mnt_id:\s*(\d+)$", info, re.MULTILINE)
    found = (_LINE.fullmatch(line) for line in table.splitlines())
    lines = [line for line in found if line and wanted and line["id"] == wanted[1]]
    if not lines:
        raise _unknown("its mount is not listed")
    line = lines[0]
    options = frozenset(line["options"].split(","))
    swaps = line["type"] == "tmpfs" and "noswap" not in options and has_swap
    device = _device(line["source"]) or line["device"]
    return Mount(line["type"], options, _is_removable(sys / "dev/block" / device), swaps)


def _device(source: str) -> str:
    """The numbers of a block device; btrfs and zfs give file systems numbers of their own."""
    path = _ESCAPED.sub(lambda code: chr(int(code[1], 8)), source)
    if not path.startswith("/"):
        return ""
    try:
        state = os.stat(path)
    except OSError:
        return ""
    if not stat.S_ISBLK(state.st_mode):
        return ""
    return f"{os.major(state.st_rdev)}:{os.minor(state.st_rdev)}"


def _is_removable(device: Path, levels: int = _MOST_LEVELS) -> bool:
    """The kernel says so of the whole device, which a partition lies in; a volume that is made
    of other devices is removable when all of these are.
    """
    place = Path(os.path.realpath(device))
    try:
        below = sorted((place / "slaves").iterdir())
    except OSError:
        below = []
    if below and levels:
        return all(_is_removable(one, levels - 1) for one in below)
    return any(_says_one(folder / "removable") for folder in (place, place.parent))


def _says_one(file: Path) -> bool:
    try:
        return file.read_text().strip() == "1"
    except OSError:
        return False


def _unknown(original: str) -> Unreadable:
    return Unreadable(
        "The kernel does not say what that folder lies on, so nothing was written there.",
        "Take another folder.",
        original,
    )
