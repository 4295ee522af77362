"""Everything that Recover knows when it decides."""

from __future__ import annotations

from typing import NamedTuple

from pve_auth_tui.core.node import Node
from pve_auth_tui.core.recover.condition import Condition
from pve_auth_tui.core.snapshot import Snapshot


class Situation(NamedTuple):
    """The picture, how the node is reached, how the machine does, and whose login it is about.

    `now`: seconds since 1970, UTC.
    """

    snapshot: Snapshot
    node: Node
    condition: Condition
    userid: str
    now: float
