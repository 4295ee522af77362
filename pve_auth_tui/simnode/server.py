"""A simulated node on a port of this machine: HTTPS as pveproxy speaks it, on loopback alone.

Source: PVE::APIServer::AnyEvent (pve-http-server 6). Every reply says that it is simulated.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic, time
from typing import Final, Self

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.simnode import certificates
from pve_auth_tui.simnode.connection import Connection
from pve_auth_tui.simnode.proxy import Proxy

ADDRESS: Final = "127.0.0.1"
LOG_LINES: Final = 1000
_MOST_CONNECTIONS: Final = 500
_TICK: Final = 0.05  # seconds until a fault or the end is noticed
_PATIENCE: Final = 0.5  # seconds for connections to end by themselves


def _no_news() -> None:
    """Nothing outside can change the faults."""


class Server:
    """Serves one node; a thread for each connection, and none is left after `close()`.

    The certificate is made where the node's disk lacks it. `news` is called before every
    request and a few times a second: it may change the node's faults. While `pveproxy` is dead
    nobody listens, and connections are refused by the kernel. `folder` is where the node's
    disk is, if it is a folder: then `ca_file` is a path.
    """

    def __init__(
        self,
        proxy: Proxy,
        port: int = 0,
        folder: Path | None = None,
        news: Callable[[], None] = _no_news,
    ) -> None:
        self.proxy = proxy
        self.news = news
        self.access_log: deque[str] = deque(maxlen=LOG_LINES)
        self._folder = folder
        self._port = port
        self._stopping = Event()
        self._lock = Lock()
        self._open: dict[Connection, Thread] = {}
        self._listener: socket.socket | None = None
        self._thread: Thread | None = None
        node = proxy.node
        certificates.ensure(node.disk, node.name, time())
        self.tls = _context(
            (node.disk.read(certificates.key_path(node.name)) or b"")
            + (node.disk.read(certificates.certificate_path(node.name)) or b"")
        )

    @property
    def port(self) -> int:
        """The port; a free one was chosen for 0, and it stays the same."""
        return self._port

    @property
    def url(self) -> str:
        """Where it is reached: `https://127.0.0.1:PORT`."""
        return f"https://{ADDRESS}:{self._port}"

    @property
    def ca_pem(self) -> bytes:
        """The CA that signed its certificate."""
        return self.proxy.node.disk.read(certificates.CA) or b""

    @property
    def ca_file(self) -> Path:
        """The same as a file. Raises ValueError for a node without a folder."""
        if self._folder is None:
            raise ValueError("this node's files are not in a folder")
        return self._folder / certificates.CA

    @property
    def address(self) -> tuple[str, int] | None:
        """What it listens on; None while it does not."""
        listener = self._listener
        return listener.getsockname()[:2] if listener else None

    @property
    def dead(self) -> bool:
        """pveproxy does not run, or this server is about to end."""
        return self._stopping.is_set() or "pveproxy" in self.proxy.node.faults.dead

    def start(self) -> None:
        """Listen, and serve in threads of its own. Raises Refused when the port is taken."""
        self.news()
        self._listener = self._listening()
        self._port = self._listener.getsockname()[1]
        self._thread = Thread(target=self._accept, name="simulated node", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, break what is open, and wait for the threads."""
        self._stopping.set()
        if self._thread:
            self._thread.join()
        self._break_all()
        end = monotonic() + _PATIENCE
        for thread in list(self._open.values()):
            thread.join(max(0.0, end - monotonic()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def done(self, connection: Connection) -> None:
        """A connection's thread ends."""
        with self._lock:
            self._open.pop(connection, None)

    def _listening(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, self._port))
            listener.listen(socket.SOMAXCONN)
        except OSError as error:
            listener.close()
            raise Refused(
                f"Port {self._port} of this machine cannot be used: {error.strerror}.",
                "Leave --port out: then a free one is taken.",
                str(error),
            ) from error
        return listener

    def _accept(self) -> None:
        while not self._stopping.is_set():
            self.news()
            self._live_or_die()
            if self._listener is None:
                self._stopping.wait(_TICK)
            elif select.select([self._listener], [], [], _TICK)[0]:
                with suppress(OSError):
                    self._take(self._listener.accept())
        if self._listener:
            self._listener.close()
            self._listener = None

    def _live_or_die(self) -> None:
        if self.dead and self._listener:
            self._listener.close()
            self._listener = None
            self._break_all()
        elif not self.dead and self._listener is None:
            with suppress(Refused):  # somebody else has the port now: try again
                self._listener = self._listening()

    def _take(self, accepted: tuple[socket.socket, tuple[str, int]]) -> None:
        connection = Connection(self, *accepted)
        with self._lock:
            if len(self._open) >= _MOST_CONNECTIONS:
                accepted[0].close()
                return
            thread = Thread(target=connection.run, name="client", daemon=True)
            self._open[connection] = thread
        thread.start()

    def _break_all(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.break_off()


def _context(pem: bytes) -> ssl.SSLContext:
    """OpenSSL reads keys from files only: this one has no name, and is gone when it is closed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with open(os.memfd_create("certificate", os.MFD_CLOEXEC), "wb", buffering=0) as file:
        file.write(pem)
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
    return context
