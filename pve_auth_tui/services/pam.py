"""Whether PAM lets root in, and nobody without a password: the stacks themselves are looked at."""

from __future__ import annotations

from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.core.host.ports import Host, Look
from pve_auth_tui.core.pam.model import PamReport
from pve_auth_tui.core.pam.report import Node, examine


class PamService:
    """Reads what PAM reads. It never changes anything, and runs no command."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def check(self) -> PamReport:
        """All services that count for PVE. Raises Unreadable when one of the files is."""
        known: dict[str, str | None] = {}

        def read(path: str) -> str | None:
            if path not in known:
                known[path] = self._text(path)
            return known[path]

        return examine(Node(read, self._look))

    def _text(self, path: str) -> str | None:
        try:
            content = self._host.files.read(path.lstrip("/"))
        except Missing:
            return None
        return content.decode("utf-8", "surrogateescape")

    def _look(self, path: str) -> Look | None:
        try:
            return self._host.look(path)
        except Unreadable:
            return None
