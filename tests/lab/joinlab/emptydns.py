"""A DNS server that knows nothing: "no such name" to every question.

with EmptyDns(lab.switch): ... nodes ask it at `names.GATE`
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final, Self

from tests.lab.adlab import names
from tests.lab.adlab.places import Place

_NO_SUCH_NAME: Final = 3
_SERVER: Final = """\
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind((sys.argv[1], 53))
    print("ready", flush=True)
    while True:
        asked, who = server.recvfrom(4096)
        end = asked.index(0, 12) + 5
        head = bytes((0x81, 0x80 | int(sys.argv[2]), 0, 1, 0, 0, 0, 0, 0, 0))
        server.sendto(asked[:2] + head + asked[12:end], who)
"""


class EmptyDns:
    def __init__(self, place: Place) -> None:
        self._place = place

    def __enter__(self) -> Self:
        words = [sys.executable, "-c", _SERVER, names.GATE, str(_NO_SUCH_NAME)]
        self._server = subprocess.Popen(
            [*self._place.enter, *words], stdout=subprocess.PIPE, text=True
        )
        assert self._server.stdout
        assert self._server.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        with self._server:
            self._server.wait(30)
