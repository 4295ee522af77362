"""Everything that Recover knows when it decides."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from pve_auth_tui.core.node import Node
from pve_auth_tui.core.recover.condition import Condition
from pve_auth_tui.core.snapshot import Snapshot

_NO_BYTES: Final[Mapping[str, bytes]] = MappingProxyType({})


class Situation(NamedTuple):
    """The picture, how the node is reached, how the machine does, and whose login it is about.

    `now`: seconds since 1970, UTC. `raw`: bytes of PVE's files by name (`priv/tfa.cfg`), which hold
    secrets: only where edits of whole files may be the way back. `web`: addresses of this node's
    web interface that are known from its own names, as browsers would open them.
    """

    snapshot: Snapshot
    node: Node
    condition: Condition
    userid: str
    now: float
    raw: Mapping[str, bytes] = _NO_BYTES
    web: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without `raw`."""
        return f"Situation({self.userid}, {self.node.way}, {self.condition!r})"
