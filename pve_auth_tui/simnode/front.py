"""The door of a simulated node that lives in this process: port 8006 on loopback, for one login.

So that even in the demo a login goes over a real TLS socket, with PVE's own two steps.
"""

from __future__ import annotations

from typing import Final, Self

from pve_auth_tui.simnode import certificates
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.proxy import Proxy
from pve_auth_tui.simnode.server import ADDRESS, Server

HOST: Final = ADDRESS


class Front:
    """Listens while it is entered, on a free port; nothing is left of it afterwards.

    While the node's pveproxy is dead it listens as little as a real one.
    """

    def __init__(self, node: SimNode) -> None:
        self._server = Server(Proxy(node))
        self._node = node

    @property
    def host(self) -> str:
        """Where it listens."""
        return HOST

    @property
    def port(self) -> int:
        """On which port."""
        return self._server.port

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that it shows: what a client has to expect."""
        return self._node.disk.read(certificates.certificate_path(self._node.name)) or b""

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
