"""What the kernel tells below /proc, read: mounts, and whose a process is.

Never raises, whatever the text is. Formats: proc_pid_mountinfo(5), proc_pid_status(5),
proc_pid_cmdline(5).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_UID: Final = re.compile(r"^Uid:\s+[0-9]+\s+([0-9]{1,10})\b", re.MULTILINE | re.ASCII)
_STATE: Final = re.compile(r"^State:\s+([A-Z])", re.MULTILINE | re.ASCII | re.IGNORECASE)
_NAME: Final = re.compile(r"^Name:\t(.*)$", re.MULTILINE)
_SHORT: Final = re.compile(r"-[a-z]+", re.ASCII)
_GONE: Final = " (deleted)"


class MountLine(NamedTuple):
    """A mount: where, what type, the device's numbers (`8:1`), the file system's own options."""

    place: str
    kind: str
    device: str
    options: frozenset[str]


class Process(NamedTuple):
    """A process that runs: its name (15 characters at most) and its effective user."""

    name: str
    uid: int


def read_mounts(text: str) -> tuple[MountLine, ...]:
    """`/proc/self/mountinfo`, in its order; a later one on the same place hides an earlier one."""
    found = []
    for line in text.split("\n"):
        first, dash, second = line.partition(" - ")
        one, two = first.split(" "), second.split(" ")
        if dash and len(one) >= 6 and len(two) >= 3:
            place = _OCTAL.sub(lambda code: chr(int(code[1], 8)), one[4])
            options = frozenset((*one[5].split(","), *two[2].split(",")))
            found.append(MountLine(place, two[0], one[2], options))
    return tuple(found)


def is_fuse(mounts: tuple[MountLine, ...], place: str) -> bool:
    """Whether what stands on top at `place` is a FUSE mount, as pmxcfs's is."""
    kinds = [one.kind for one in mounts if one.place == place]
    return bool(kinds) and kinds[-1].partition(".")[0] == "fuse"


def read_status(text: str) -> Process | None:
    """`/proc/PID/status`; None for one that has ended (a zombie), and for anything else."""
    uid, state, name = _UID.search(text), _STATE.search(text), _NAME.search(text)
    if not uid or not state or not name or state[1] in "ZXx":
        return None
    return Process(name[1], int(uid[1]))


def is_pmxcfs(executable: str) -> bool:
    """Of the target of `/proc/PID/exe`; an upgrade may have removed the file meanwhile."""
    return executable.removesuffix(_GONE).rpartition("/")[2] == "pmxcfs"


def is_local_mode(command_line: bytes) -> bool:
    """Whether pmxcfs got -l (pmxcfs.c: GOption, which takes `-fl`, too)."""
    for word in command_line.decode(errors="replace").split("\0")[1:]:
        if word == "--":
            return False
        if word == "--local" or ("l" in word and _SHORT.fullmatch(word)):
            return True
    return False
