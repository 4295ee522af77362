"""What answers, and is no directory: each kind at a port of its own."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import Final

from tests.lab.adlab import names
from tests.lab.adlab.inside import inside
from tests.lab.adlab.places import Place, Switch

SSH: Final = 2222  # says that it is another service
MUTE: Final = 2223  # takes the connection, and says nothing
HANG_UP: Final = 2224  # hears the first bytes, and breaks it off
_NOW: Final = struct.pack("ii", 1, 0)  # SO_LINGER: with a reset


class Oddities:
    """They answer from when they are made until they are closed."""

    def __init__(self, switch: Switch) -> None:
        self._place = Place()
        address = names.addresses()[names.ODDITIES]
        switch.plug_in(self._place, [address])
        self._held: list[socket.socket] = []
        ports = (SSH, MUTE, HANG_UP)
        self._doors = inside(
            self._place, lambda: [socket.create_server((address, port)) for port in ports]
        )
        for door in self._doors:
            threading.Thread(target=self._serve, args=(door,), daemon=True).start()

    def close(self) -> None:
        for one in (*self._doors, *self._held):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._place.close()

    def _serve(self, door: socket.socket) -> None:
        port = door.getsockname()[1]
        with suppress(OSError):
            while True:
                caller, _ = door.accept()
                if port == HANG_UP:
                    caller.recv(1)
                    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
                    caller.close()
                    continue
                if port == SSH:
                    caller.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
                self._held.append(caller)
