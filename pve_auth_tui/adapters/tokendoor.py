"""API calls as an API token makes them, over https to the node's own pveproxy. A TokenDoor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from pve_auth_tui.adapters.https import Https
from pve_auth_tui.core.secret import Secret


class HttpsTokenDoor:
    """`open_https` gives a connection for one test, pinned to the node's certificate; whoever
    made it closes it, which forgets the secret. `address` is for the user: `https://pve1:8006`.
    """

    def __init__(
        self, open_https: Callable[[], AbstractContextManager[Https]], address: str
    ) -> None:
        self._open_https = open_https
        self._address = address

    @property
    def address(self) -> str:
        return self._address

    def ask(self, tokenid: str, secret: Secret, paths: Sequence[Sequence[str]]) -> list[Any]:
        """What GET answers on each path. Nothing is sent before the other side has shown the
        right certificate; the first refusal ends it.
        """
        with self._open_https() as https:
            https.greet()
            https.use_token(tokenid, secret)
            return [https.call("GET", path) for path in paths]
