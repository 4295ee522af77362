"""PVE's names for its background tasks.

`UPID:node:pid:pstart:starttime:type:id:user:`, numbers in hexadecimal (PVE::UPID of pve-common).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_UPID: Final = re.compile(
    r"UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)"
    r":([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8})"
    r":([^:\s/]{1,64}):([^:\s/]{0,256}):([^:\s/]{1,128}):"
)
_WARNINGS: Final = re.compile(r"WARNINGS: [0-9]+")


class Upid(NamedTuple):
    """`pstart` is in ticks since the node started, `started` seconds since 1970; `id` may be ""."""

    node: str
    pid: int
    pstart: int
    started: int
    type: str
    id: str
    user: str


def parse(upid: object) -> Upid | None:
    """The parts of a task's name; None for anything else, such as one that holds a `/`."""
    found = _UPID.fullmatch(upid) if isinstance(upid, str) else None
    if found is None:
        return None
    node, pid, pstart, started, kind, ident, user = found.groups()
    return Upid(node, int(pid, 16), int(pstart, 16), int(started, 16), kind, ident, user)


def ended_well(exitstatus: str) -> bool:
    """Whether a task did what it was for; warnings do not count against it."""
    return exitstatus == "OK" or _WARNINGS.fullmatch(exitstatus) is not None
