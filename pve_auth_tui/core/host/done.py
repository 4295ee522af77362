"""A step on the node that did what it is for."""

from __future__ import annotations

from typing import NamedTuple

from pve_auth_tui.core.host.goals import Sight
from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join.causes import JoinCause


class HostDone(NamedTuple):
    """`sight`: what was seen of its goal. `said`: what it printed, None for a file. `remark`: what
    should not pass unseen although all is well, as a sentence, "" for nothing. `record`: the file
    that holds all it said, "" for none. `causes`: what its words warn of although it succeeded.
    """

    sight: Sight
    said: Said | None = None
    remark: str = ""
    record: str = ""
    causes: tuple[JoinCause, ...] = ()
