"""A DNS server that knows what the domain's knows, but for some of it.

with SieveDns(lab.switch, r"^33 "): ... nodes ask it at `names.GATE`, and it says "no such name" to
questions that fit: the number of the type, a blank, the name in small letters.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final, Self

from tests.lab.adlab import names
from tests.lab.adlab.places import Place

_SERVER: Final = """\
import re, socket, sys
here, there, *lacks = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind((here, 53))
    print("ready", flush=True)
    while True:
        asked, who = server.recvfrom(4096)
        at, labels = 12, []
        while asked[at]:
            labels.append(asked[at + 1 : at + 1 + asked[at]].decode("latin-1").lower())
            at += 1 + asked[at]
        question = f"{int.from_bytes(asked[at + 1 : at + 3], 'big')} {'.'.join(labels)}"
        if any(re.search(lack, question) for lack in lacks):
            head = bytes((0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0))
            server.sendto(asked[:2] + head + asked[12 : at + 5], who)
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.sendto(asked, (there, 53))
            try:
                server.sendto(client.recv(4096), who)
            except OSError:
                pass
"""


class SieveDns:
    """`lacks`: regular expressions."""

    def __init__(self, place: Place, *lacks: str) -> None:
        self._place, self._lacks = place, lacks

    def __enter__(self) -> Self:
        words = [sys.executable, "-c", _SERVER, names.GATE, names.DC_ADDRESS, *self._lacks]
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
