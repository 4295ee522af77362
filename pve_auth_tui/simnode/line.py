"""Connections to servers in this process: a pair of sockets, and a thread for the far end."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable


class NearEnd(socket.socket):
    """Our end of a pair; it knows whom it is supposed to reach."""

    peer: tuple[str, int] = ("", 0)

    def getpeername(self) -> tuple[str, int]:
        return self.peer


class Line:
    """At most so many connections at once; a thread ends when its client closes."""

    def __init__(self, most: int = 64) -> None:
        self._room = threading.BoundedSemaphore(most)

    def connect(self, serve: Callable[[socket.socket], None], peer: tuple[str, int]) -> NearEnd:
        """Our end of a new connection; `serve` gets the other one. Raises OSError when there are
        too many.
        """
        if not self._room.acquire(blocking=False):
            raise OSError(errno.EAGAIN, "too many connections to the simulated servers")
        near, far = socket.socketpair()

        def run() -> None:
            try:
                with far:
                    serve(far)
            finally:
                self._room.release()

        try:
            threading.Thread(target=run, name=f"simulated {peer[0]}:{peer[1]}", daemon=True).start()
        except BaseException:
            self._room.release()
            near.close()
            far.close()
            raise
        found = NearEnd(fileno=near.detach())
        found.peer = peer
        return found
