"""Whether PAM lets root in, and nobody without a password: the stacks themselves are looked at."""

from __future__ import annotations

from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.pam.model import PamReport


class PamService:
    """Reads what PAM reads. It never changes anything, and runs no command. `host` None: the node
    is none of ours to look at, and `check` raises Refused.
    """

    def __init__(self, host: Host | None) -> None:
        self._host = host

    def check(self) -> PamReport:
        """All services that count for PVE.

        Raises Unreadable when /etc/pam.d cannot be read at all.
        """
        raise NotImplementedError
