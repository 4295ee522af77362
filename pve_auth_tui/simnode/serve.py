"""`simnode serve`: the demo cluster in a folder, on a port of this machine, until it is ended.

Never where PVE is installed (R32). The one login that works has a random password, which stands
in a file that only its owner can read.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.cluster import installed_versions
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.disk import FolderDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.made_up import password_hash
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.passwords import SHADOW, hashed
from pve_auth_tui.simnode.proxy import Proxy
from pve_auth_tui.simnode.server import Server
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.stories import DemoStories
from pve_auth_tui.simnode.tickets import PRIVATE, WWW, key_files

PASSWORD: Final = "root.password"  # noqa: S105 (a file's name)
FAULTS: Final = "faults.json"
LOGIN_DELAY: Final = 3.0  # seconds; PVE's own
LOCK_WAIT: Final = 10.0
_DAY: Final = 24 * 3600
_SIGNS_OF_PVE: Final = (
    *("usr/bin/pveversion", "usr/bin/pvesh", "usr/bin/pmxcfs", "usr/share/perl5/PVE/API2.pm"),
    *("var/lib/pve-cluster/config.db", "etc/pve/local"),
)
_PACKAGES: Final = ("pve-manager", "pve-cluster", "libpve-access-control", "proxmox-ve")


@dataclass
class Ending:
    """What ends a server, and every wait in it."""

    event: threading.Event = field(default_factory=threading.Event)

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        self.event.wait(seconds)


def refuse_real_nodes(root: Path = Path("/")) -> None:
    """Raises Refused where PVE is installed, or anything of it is left."""
    found = next((sign for sign in _SIGNS_OF_PVE if os.path.lexists(root / sign)), "")
    if not found and os.path.ismount(root / "etc/pve"):
        found = "etc/pve"
    if not found:
        try:
            status = (root / "var/lib/dpkg/status").read_bytes()
        except OSError:
            status = b""
        found = next(iter(installed_versions(status, _PACKAGES)), "")
    if found:
        what = f"/{found}" if "/" in found else f"package {found}"
        raise Refused(
            f"Proxmox VE is installed here ({what}): no simulated node runs beside it.",
            "Run it on your own machine.",
        )


def serve(
    folder: Path,
    port: int,
    faults: Sequence[str],
    *,
    say: Callable[[str], object],
    complain: Callable[[str], object],
    root: Path = Path("/"),
) -> None:
    """Serve until SIGTERM or SIGINT; `say` gets one line of JSON when clients may come.

    The folder is new, empty, or holds an earlier demo, which goes on. Raises Refused,
    UsageError for a fault that does not exist, Unwritable.
    """
    refuse_real_nodes(root)
    folder = Path(os.path.abspath(folder))
    broken = Faults(login_delay=LOGIN_DELAY, lock_wait=LOCK_WAIT)
    check_faults(faults)
    ending = Ending()
    with until_signalled(ending):
        node = prepared(folder, broken, ending)
        news = FaultsFile(folder / FAULTS, broken, complain)
        node.disk.write(FAULTS, json.dumps(list(faults)).encode() + b"\n")
        with Server(Proxy(node), port, folder, news.read) as server:
            about = {
                "url": server.url,
                "ca": str(server.ca_file),
                "password_file": str(folder / PASSWORD),
                "node": node.name,
            }
            say(f"{json.dumps(about)}\n")
            ending.event.wait()


def prepared(folder: Path, faults: Faults, ending: Ending) -> SimNode:
    """The node in this folder, made from the demo if there is none. Raises as `serve` does."""
    demo_tree(now=time.time()).written_to(folder)
    disk = FolderDisk(folder)
    sources = system_sources()
    sources.sleep = ending.sleep
    node = SimNode(disk, sources, faults)
    if disk.read(PRIVATE) is None:  # as on a node that has run before: else no quorum, no login
        for path, data in key_files().items():
            disk.write(path, data)
    if disk.read(WWW) is None:
        disk.write(WWW, secrets.token_hex(32).encode() + b"\n")
    if disk.read(PASSWORD) is None or disk.read(SHADOW) is None:
        _let_root_in(node, secrets.token_urlsafe(18))
    return node


def _let_root_in(node: SimNode, password: str) -> None:
    """With this password alone: everybody can read what is good in the demo, which here is not."""
    with node.state.change("priv_tfa_cfg") as change:
        others = {userid: tfa for userid, tfa in change.tfa.users.items() if userid != ROOT}
        change.tfa = replace(change.tfa, users=others)
    with node.state.change("priv_shadow_cfg") as change:
        hashes = {name: Secret(password_hash(name)) for name in change.shadow.hashes}
        change.shadow = replace(change.shadow, hashes=hashes)
    with node.state.change("priv_token_cfg") as change:
        known = change.token_secrets.secrets
        renewed = {token: Secret(node.sources.uuid()) for token in known}
        change.token_secrets = replace(change.token_secrets, secrets=renewed)
    day = int(node.sources.now()) // _DAY
    node.disk.write(SHADOW, f"root:{hashed(node, password)}:{day}:0:99999:7:::\n".encode())
    node.disk.write(PASSWORD, f"{password}\n".encode())


class FaultsFile:
    """DIR/faults.json, a list of names of demo stories: what is broken now.

    Whoever may write to the folder breaks and mends the node with it while it runs.
    """

    def __init__(self, file: Path, faults: Faults, complain: Callable[[str], object]) -> None:
        self._file = file
        self._faults = faults
        self._complain = complain
        self._last: tuple[int, int, int] | None = None
        self._lock = threading.Lock()

    def read(self) -> None:
        """Follow the file when it has changed. What cannot be read changes nothing."""
        with self._lock:
            try:
                found = self._file.stat()
                seen = found.st_ino, found.st_mtime_ns, found.st_size
                if seen == self._last:
                    return
                self._last = seen
                names = json.loads(self._file.read_bytes())
                if not isinstance(names, list):
                    raise UsageError(f"{self._file} holds no list of names.")
                turn(self._faults, [str(name) for name in names])
            except FileNotFoundError:
                if self._last is not None:
                    self._last = None
                    turn(self._faults, [])
            except (OSError, ValueError, RecursionError):
                self._complain(f"{self._file} cannot be read; everything stays as it was.")
            except AuthTuiError as error:
                self._complain(str(error))


def check_faults(names: Sequence[str]) -> None:
    """Raises UsageError for a name that is none."""
    turn(Faults(), names)


def turn(faults: Faults, names: Sequence[str]) -> None:
    """Break exactly this; `-` may stand for a blank. Raises UsageError for an unknown name."""
    stories = DemoStories(faults)
    known = [story.name for story in stories.stories]
    wanted = [name.replace("-", " ") for name in names]
    for name in wanted:
        if name not in known:
            named = ", ".join(one.replace(" ", "-") for one in known)
            raise UsageError(f"There is no fault {name.replace(' ', '-')}.", f"There are: {named}.")
    for name in known:
        stories.turn(name, on=name in wanted)


@contextmanager
def until_signalled(ending: Ending) -> Iterator[None]:
    """Within: SIGTERM and SIGINT end it. Only the main thread can be asked for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, lambda *_: ending.event.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
