"""The simulated node as it was when a topic was recorded: its files, its clock, its chance."""

from __future__ import annotations

import json
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping, Sequence

from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.passwords import crypt
from pve_auth_tui.simnode.proxy import Proxy
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.tasklog import INDEX
from pve_auth_tui.simnode.tickets import key_files
from tests.conformance.commands import carry_out
from tests.conformance.http import Login
from tests.conformance.recording import Answer, Files, Topic, bytes_of

PVE = "etc/pve/"
NODE = "pve1"
ROOT_PASSWORD = "Root-Test-1234"  # as golden/api has it
_TASKS = re.compile(r"/nodes/[^/]+/tasks")
_CHALLENGE = re.compile(r'"challenge": ?"([A-Za-z0-9_-]{43})"')
_WEBAUTHN_USER = re.compile(r'"user": ?\{"id": ?"([A-Za-z0-9_-]{22})"')


def host_files(ca: bytes | None = None) -> dict[str, bytes]:
    """What a node has beside the recorded files; `ca` signed the directory's certificate (PEM).

    To be made once: the key for tickets takes a moment.
    """
    password = crypt(ROOT_PASSWORD, "$5$saltsalt$")
    return {
        "etc/hostname": f"{NODE}\n".encode(),
        "etc/hosts": f"127.0.0.1 localhost\n127.0.0.2 {NODE}.example.test {NODE}\n".encode(),
        "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\n",
        "etc/shadow": f"root:{password}:20000:0:99999:7:::\n".encode(),
        f"{PVE}pve-www.key": b"any secret\n",
        **({f"{PVE}pve-root-ca.pem": ca} if ca else {}),
        **key_files(),
    }


_SOME_TASK = "UPID:{node}:00000001:00000001:{start:08X}:vncshell::root@pam: {start:08X} OK\n"


def earlier_tasks(topic: Topic) -> dict[str, bytes]:
    """A list of as many tasks as had run before: those that are counted and did not run here."""
    begun = 0
    for call in topic.calls:
        if _TASKS.fullmatch(call.path) and call.answer.total is not None:
            lines = [_SOME_TASK.format(node=NODE, start=1)] * (call.answer.total - begun)
            return {INDEX: "".join(lines).encode()}
        begun += isinstance(call.answer.data, str) and call.answer.data.startswith("UPID:")
    return {}


class Stage:
    """A node that starts from recorded files. `now` is what its clock says, set for each call."""

    def __init__(self, start: Files, host: Mapping[str, bytes], faults: Faults) -> None:
        files = {PVE + name: bytes_of(text) for name, text in start.items() if text is not None}
        self.now = 0.0
        self._chance: list[bytes] = []
        sources = system_sources()
        sources.now = lambda: self.now
        sources.random = self._random
        sources.sleep = lambda seconds: None
        self.disk = MemoryDisk({**host, **files})
        self.node = SimNode(self.disk, sources, faults)
        self.door = Proxy(self.node)

    def expect(self, when: float, recorded: Answer | None) -> None:
        """Be ready for a call: its time, and the challenge that the node is to think of.

        A security key's recorded answer is signed over the challenge that was recorded.
        """
        self.now = when
        self._chance = list(_challenges(recorded)) if recorded else []

    def login(self, user: str) -> Login:
        """A login that the recording does not show: no password is asked for."""
        tickets = self.node.tickets
        return Login(tickets.ticket(user), tickets.csrf_token(user))

    def run(self, words: Sequence[str]) -> bool | None:
        """A `pveum` command, as root@pam on the node."""
        return carry_out(words, self.node)

    def _random(self, count: int) -> bytes:
        for value in self._chance:
            if len(value) == count:
                self._chance.remove(value)
                return value
        return secrets.token_bytes(count)

    def left(self) -> dict[str, bytes]:
        """The files below /etc/pve now, by the names that recordings have for them."""
        return {
            name.removeprefix(PVE): data
            for name, data in self.disk.files.items()
            if name.startswith(PVE)
        }


def _challenges(recorded: Answer) -> Iterator[bytes]:
    text = json.dumps(recorded.data).replace('\\"', '"').replace("%3A", ":")
    for found in (*_CHALLENGE.findall(text), *_WEBAUTHN_USER.findall(text)):
        yield urlsafe_b64decode(found + "=" * (-len(found) % 4))
