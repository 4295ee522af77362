"""PVE's API port, straight into a simulated node: as root@pam, without any connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.apipath import unquoted
from pve_auth_tui.core.errors import Unreachable
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.handlers.cluster import OUR_TAG, log_message
from pve_auth_tui.simnode.node import SimNode

_NOT_MOUNTED = "PVE's API does not start: /etc/pve is not there."


class DirectApi:
    """A `core.ports.Api`; like the real bridge it needs pmxcfs, and neither pveproxy nor pvedaemon.

    `host` is what WebAuthn takes for the origin's host.
    """

    way = "direct"
    user = ROOT

    def __init__(self, node: SimNode, host: str = "") -> None:
        self._node = node
        self._host = host

    def call(
        self,
        method: str,
        path: Sequence[str],
        params: Mapping[str, Param] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        *,
        seconds: float = 30.0,
    ) -> Any:
        self._require_answer(seconds)
        given: dict[str, Any] = dict(params or {})
        given |= {name: secret.reveal() for name, secret in (secrets or {}).items()}
        return self._node.answer(method, unquoted(path), given, host=self._host)

    def log_message(self, text: str, *, seconds: float = 5.0) -> None:
        """One line into the cluster's log, as `core.ports.ClusterLog` says."""
        self._require_answer(seconds)
        log_message(self._node, self.user, OUR_TAG, text)

    def _require_answer(self, seconds: float) -> None:
        faults = self._node.faults
        if faults.dead & {"pmxcfs", "mount"}:
            raise Unreachable(_NOT_MOUNTED, ":demo mends it.")
        if faults.slow > seconds:
            self._node.sources.sleep(seconds)
            raise Unreachable(f"The node gave no answer within {round(seconds, 1):g} seconds.")

    def close(self) -> None:
        """Nothing is held."""
