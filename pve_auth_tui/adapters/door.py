"""A real login over https, as a browser does it, and nothing after it. A Door."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from pve_auth_tui.adapters.https import Https
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.secret import Secret


class HttpsDoor:
    """`open_https` gives a connection for one login, pinned to the node's certificate; whoever
    made it closes it, which forgets the ticket. `address` is for the user: `https://pve1:8006`.
    """

    def __init__(
        self, open_https: Callable[[], AbstractContextManager[Https]], address: str
    ) -> None:
        self._open_https = open_https
        self._address = address

    @property
    def address(self) -> str:
        return self._address

    def login(
        self,
        userid: str,
        password: Secret,
        second: Callable[[Challenge], Secret | None],
    ) -> None:
        """One attempt; what `Https.login` raises. Nobody is asked before the other side has
        shown the right certificate.
        """
        with self._open_https() as https:
            https.greet()
            https.login(userid, password, second)
