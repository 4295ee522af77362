"""The simulated node that the command line is run on: its folder, its port, this program's places.

The node is served by `simnode serve`, a process of its own; what the program reaches on the node
itself is that folder, with the real bridge and the stand-in of its Perl child.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from pve_auth_tui import environment, equipment, wiring
from pve_auth_tui.adapters import bridge
from pve_auth_tui.adapters.authenticator import PyotpAuthenticator
from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.keepsake import Keepsake
from pve_auth_tui.adapters.material import RunMaterial
from pve_auth_tui.adapters.mounts import Mount
from pve_auth_tui.adapters.saved import FileSaved
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.adapters.swap import FileSwaps
from pve_auth_tui.adapters.syslog import Syslog
from pve_auth_tui.adapters.timers import SystemdTimers
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.bridge_child import command
from pve_auth_tui.simnode.disk import FolderDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.probe import SimProbe
from tests.canary.evidence import Evidence
from tests.canary.planted import NEW_TOTP, running

PROJECT: Final = Path(__file__).parents[2]
_LAUNCH: Final = (sys.executable, "-m", "tests.canary.launched")
_PVE: Final = "etc/pve"


class OurAuthenticator(PyotpAuthenticator):
    """Always makes the same secret, which is known."""

    def new_secret(self) -> Secret:
        return Secret(NEW_TOTP)


@dataclass(frozen=True)
class Served:
    """A node on a port, and its folder."""

    folder: Path
    url: str
    ca: Path
    files: Mapping[str, bytes]

    @property
    def place(self) -> str:
        """Host and port."""
        return self.url.removeprefix("https://")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def restore(self) -> None:
        """Everything that was changed is as it was planted."""
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if path.is_file() and name not in self.files and _is_state(name):
                path.unlink()
        for name, data in self.files.items():
            path = self.folder / name
            if _is_state(name) and (not path.exists() or path.read_bytes() != data):
                path.write_bytes(data)


def _is_state(name: str) -> bool:
    kept = (".pem", ".key", "pve-root-ca.srl")
    return name.startswith((f"{_PVE}/", "run/")) and not name.endswith(kept)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Within: `simnode serve` runs on a planted node below `folder`."""
    tree = running(float(int(time.time())))
    state = folder / "node"
    tree.written_to(state)
    program = [*_LAUNCH, json.dumps({"serves": True}), "simnode", "serve", "--state", str(state)]
    with subprocess.Popen(
        program, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            about = json.loads(said)
            yield Served(state, about["url"], Path(about["ca"]), tree.files)
        finally:
            process.terminate()


@dataclass(frozen=True)
class Home:
    """The folders that the program may write to, in one test."""

    folder: Path

    @property
    def own(self) -> Path:
        """What /var/lib/pve-auth-tui is to root."""
        return self.folder / "pve-auth-tui"

    @property
    def run(self) -> Path:
        """What /run/pve-auth-tui is: in memory, for what undo alone may use."""
        return self.folder / "run"

    @property
    def keys(self) -> Path:
        """Where somebody has secrets saved."""
        return self.folder / "keys"

    @property
    def here(self) -> Path:
        """The working directory."""
        return self.folder / "here"

    @property
    def all(self) -> tuple[Path, ...]:
        return (self.own, self.run, self.keys, self.here)


def made_home(folder: Path) -> Home:
    folder.chmod(0o700)
    home = Home(folder)
    for one in (home.keys, home.here):
        one.mkdir(mode=0o700)
    return home


def live_in(home: Home, patch: pytest.MonkeyPatch) -> None:
    """The program's own folders, and nothing of this machine's."""
    patch.setattr(environment, "ROOTS_FOLDER", home.own)
    patch.setenv("XDG_STATE_HOME", str(home.folder))
    patch.setenv("HOME", str(home.here))
    patch.setenv("TMPDIR", str(home.here))
    patch.chdir(home.here)
    patch.setattr(
        equipment,
        "FileSaved",
        lambda folder, clock, **more: FileSaved(
            folder, clock, material=RunMaterial(clock, home.run, _never), **more
        ),
    )
    patch.setattr(equipment, "PyotpAuthenticator", OurAuthenticator)
    in_memory = Mount("tmpfs", frozenset())
    patch.setattr(equipment, "Keepsake", partial(Keepsake, lambda folder: in_memory, never=()))


def _never(path: Path, seconds: float) -> None:
    """Nobody wipes it later."""


def stand_on(served: Served, home: Home, patch: pytest.MonkeyPatch, evidence: Evidence) -> None:
    """The program runs on that node, as root."""
    live_in(home, patch)
    files = wiring._files
    patch.setattr(wiring, "_files", lambda root, rung: files(served.folder, rung))
    patch.setattr(wiring, "_require_root", lambda options: None)
    patch.setattr(bridge, "Bridge", partial(_NotedBridge, served.folder, evidence))
    patch.setattr(equipment, "FileSwaps", partial(FileSwaps, served.folder))
    patch.setattr(equipment, "_files_of", lambda options, found: open_tree(served.folder))
    disk = FolderDisk(served.folder)
    patch.setattr(equipment, "NodeProbe", lambda clock: SimProbe(disk, Faults(), clock))
    patch.setattr(equipment, "Sendmail", partial(_NotedMail, evidence))
    for module in (wiring, equipment):
        patch.setattr(module, "PORT", served.port)
        patch.setattr(module, "own_pin", lambda: Pin(ca_pem=served.ca.read_bytes()))
    tool = home.folder / "tool"
    tool.write_text("#!/bin/sh\n/bin/echo started\n")
    tool.chmod(0o700)
    patch.setattr(
        equipment,
        "SystemdTimers",
        partial(
            SystemdTimers,
            (str(tool), "-I", str(tool)),
            systemd_run=str(tool),
            systemctl=str(tool),
            runs=home.folder,
            changeable_by_others=lambda command: "",
        ),
    )
    if os.geteuid() != 0:
        patch.setattr(SystemdTimers, "_find_problem", lambda self: "")


class _NotedMail:
    """No mail leaves."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def send(self, to: str, subject: str, text: str) -> None:
        self._evidence.add("log", f"mail to {to}", f"{subject}\n{text}")


class _NotedBridge(Bridge):
    """Starts the stand-in; the cluster's log ends with it, so it is read before."""

    def __init__(self, folder: Path, evidence: Evidence, host: str = "") -> None:
        super().__init__(host, command=command(folder), euid=lambda: 0)
        self._evidence = evidence

    def close(self) -> None:
        if self._child and not self._closed:
            with suppress(Exception):
                for entry in Bridge.call(self, "GET", ("cluster", "log")):
                    self._evidence.add("cluster log", str(entry["uid"]), json.dumps(entry))
        super().close()


@contextmanager
def listening(home: Home, patch: pytest.MonkeyPatch, evidence: Evidence) -> Iterator[None]:
    """Within: a socket of our own takes what is sent to syslog."""
    path = home.folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
        thread = threading.Thread(target=_hear, args=(log, evidence), daemon=True)
        thread.start()
        patch.setattr(equipment, "Syslog", partial(Syslog, path))
        try:
            yield
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                end.connect(str(path))
                end.send(b"")
            thread.join()


def _hear(log: socket.socket, evidence: Evidence) -> None:
    while line := log.recv(64 * 1024):
        evidence.add("syslog", "authpriv", line)
