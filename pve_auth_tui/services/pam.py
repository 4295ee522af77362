"""Whether PAM lets root in, and nobody without a password: the stacks themselves are looked at."""

from __future__ import annotations

from functools import partial
from typing import Final

from pve_auth_tui.core.errors import Missing, Refused, Unreadable
from pve_auth_tui.core.host.ports import Host, Look
from pve_auth_tui.core.pam.model import PamReport
from pve_auth_tui.core.pam.report import Node, examine

ELSEWHERE: Final = "PAM is looked at on the node itself only."


class PamService:
    """Reads what PAM reads. It never changes anything, and runs no command.

    `host` is None where the node's operating system is none of ours (`--host`, `--root`).
    """

    def __init__(self, host: Host | None) -> None:
        self._host = host

    def why_not(self) -> str:
        """Why nothing can be looked at from here, in one sentence; "" when it can."""
        return "" if self._host is not None else ELSEWHERE

    def check(self) -> PamReport:
        """All services that count for PVE.

        Raises Unreadable when one of the files is, Refused where it is not the node itself.
        """
        host = self._host
        if host is None:
            raise Refused(ELSEWHERE, "Start this program there, as root.")
        known: dict[str, str | None] = {}

        def read(path: str) -> str | None:
            if path not in known:
                known[path] = _text(host, path)
            return known[path]

        return examine(Node(read, partial(_look, host)))


def _text(host: Host, path: str) -> str | None:
    try:
        content = host.files.read(path.lstrip("/"))
    except Missing:
        return None
    return content.decode("utf-8", "surrogateescape")


def _look(host: Host, path: str) -> Look | None:
    try:
        return host.look(path)
    except Unreadable:
        return None
