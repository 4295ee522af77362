"""Network namespaces on one bridge. Each is held by a process, and gone with it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.lab.adlab.names import GATE, NETWORK
from tests.lab.adlab.safety import PREFIX

_IP: Final = "/usr/sbin/ip"
_HOLD: Final = "echo ready && exec sleep infinity"
_PATIENCE: Final = 30.0  # seconds


class Process:
    """A command that holds namespaces of its own: `kinds` as unshare(1) names them."""

    def __init__(self, script: str, *arguments: str, kinds: Sequence[str]) -> None:
        self._held = subprocess.Popen(
            [*PREFIX, "/usr/bin/unshare", *kinds, "sh", "-ec", script, "lab", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._held.stdout
        if self._held.stdout.readline() != "ready\n":
            assert self._held.stderr
            raise RuntimeError(f"A namespace was not made: {self._held.stderr.read()}")

    @property
    def pid(self) -> int:
        return self._held.pid

    def close(self) -> None:
        self._held.kill()
        with self._held:
            self._held.wait(_PATIENCE)


class Place(Process):
    """A namespace of the network, with a loopback. `kinds`: more namespaces that it has."""

    def __init__(self, script: str = _HOLD, *arguments: str, kinds: Sequence[str] = ()) -> None:
        super().__init__(script, *arguments, kinds=("--net", *kinds))
        self.ip("link", "set", "lo", "up")

    @property
    def enter(self) -> tuple[str, ...]:
        """What stands before a command of this system that shall run here."""
        return (*PREFIX, "/usr/bin/nsenter", f"--net=/proc/{self.pid}/ns/net", "--")

    def ip(self, *words: str) -> None:
        run(*self.enter, _IP, *words)

    def rules(self, text: str) -> None:
        """nft's rules, in place of those before."""
        run(*self.enter, "/usr/sbin/nft", "--file", "-", given=f"flush ruleset\n{text}\n")

    @contextmanager
    def without(self, *rules: str) -> Iterator[None]:
        """Packets that leave here and fit are treated so, for a while:
        `tcp dport 389 drop`, `tcp dport 389 reject with tcp reset`.
        """
        chain = "type filter hook output priority 0;"
        lines = "\n".join(rules)
        self.rules(f"table inet lab {{\nchain out {{\n{chain}\n{lines}\n}}\n}}")
        try:
            yield
        finally:
            self.rules("")


class Switch(Place):
    """The bridge that the others are plugged into."""

    def __init__(self) -> None:
        super().__init__()
        self.ip("link", "add", "br0", "type", "bridge")
        self.ip("addr", "add", f"{GATE}/{NETWORK}", "dev", "br0")
        self.ip("link", "set", "br0", "up")
        self._ports = 0

    def plug_in(self, place: Place, addresses: Sequence[str]) -> None:
        """Gives it `eth0` with these addresses."""
        self._ports += 1
        port = f"port{self._ports}"
        pair = ("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns")
        self.ip(*pair, str(place.pid))
        self.ip("link", "set", port, "master", "br0", "up")
        for address in addresses:
            place.ip("addr", "add", f"{address}/{NETWORK}", "dev", "eth0")
        place.ip("link", "set", "eth0", "up")


_DRESS: Final = """\
mount --make-rprivate /
for file in resolv.conf hosts; do
    mount --bind "$1/$file" "$(readlink -f /etc/$file)"
done
mount --bind "$1/certs" /etc/ssl/certs
echo ready
exec sleep infinity
"""


class Client(Place):
    """Where tests run: this system with another network, hosts, DNS server and CAs.

    `folder` gets the files that stand in for this system's.
    """

    def __init__(self, folder: Path, hosts: str, resolver: str, authority: bytes) -> None:
        self._folder = folder
        (folder / "certs").mkdir(parents=True)
        (folder / "certs" / "ca-certificates.crt").write_bytes(authority)
        (folder / "certs" / "lab.pem").write_bytes(authority)
        run("/usr/bin/openssl", "rehash", str(folder / "certs"))
        (folder / "hosts").write_text(hosts)
        self.resolver(resolver)
        super().__init__(_DRESS, str(folder), kinds=("--mount",))

    def resolver(self, address: str) -> None:
        """The DNS server that is asked from now on."""
        text = f"nameserver {address}\noptions timeout:1 attempts:2\n"
        (self._folder / "resolv.conf").write_text(text)

    @contextmanager
    def asking(self, address: str, back: str) -> Iterator[None]:
        """Another DNS server, for a while."""
        self.resolver(address)
        try:
            yield
        finally:
            self.resolver(back)


def run(*command: str, given: str = "", patience: float = _PATIENCE) -> str:
    """What it printed; raises RuntimeError with its complaint."""
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
        env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
