"""One address asked over ssh, as PVE's nodes ask one another; nothing is changed there.

ssh gets no file of ours or PVE's to read: the host keys come from memory, so that a dead /etc/pve
holds nothing up. Neither root's nor the system's configuration of ssh has a say.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from pve_auth_tui.adapters.neighbours.material import Peer
from pve_auth_tui.adapters.ongoing import ongoing
from pve_auth_tui.core.recover.neighbour import Came, Outcome, of_ssh
from pve_auth_tui.environment import child_environment

SSH: Final = "/usr/bin/ssh"
_QUORUM: Final = ("/usr/sbin/corosync-quorumtool", "-s")
_MOST_BYTES: Final = 64 * 1024
_TICK: Final = 0.1  # seconds until it is noticed that nobody waits any more
_PATIENCE: Final = 0.2  # seconds for a killed ssh to be gone
_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE

_at_once: Final = threading.BoundedSemaphore(64)  # a file that we read names the addresses

# Children that not even SIGKILL could end, kept so that nobody waits for them.
_left_behind: list[subprocess.Popen[bytes]] = []


def ask_ssh(peer: Peer, address: str, ssh: str, seconds: float, enough: threading.Event) -> Outcome:
    """What comes of it; within so many seconds or until `enough` is set, and never raises."""
    if not peer.known_hosts:
        why = f"no ssh host key of {peer.name} is known here"
        return Outcome(address, Came.UNASKED, why)
    until = time.monotonic() + seconds
    if not _at_once.acquire(timeout=seconds):
        return Outcome(address, Came.UNASKED, f"asking {address} took too long")
    try:
        with _in_memory(peer.known_hosts) as known_hosts:
            code, said = _run(_command(ssh, peer.name, address, known_hosts), until, enough)
    except OSError:
        return Outcome(address, Came.UNASKED, "ssh cannot be started here")
    finally:
        _at_once.release()
    return of_ssh(address, code, said)


def _command(ssh: str, name: str, address: str, known_hosts: str) -> list[str]:
    """As PVE::SSHInfo has it, and stricter: it trusts, asks and forwards nothing."""
    options = (
        "BatchMode=yes",
        "ConnectTimeout=3",
        "ServerAliveInterval=2",  # it ends by itself, also when nobody is left to end it
        "ServerAliveCountMax=2",
        "StrictHostKeyChecking=yes",
        f"HostKeyAlias={name}",
        f"UserKnownHostsFile={known_hosts}",
        "GlobalKnownHostsFile=none",
        "ForwardAgent=no",
        "ForwardX11=no",
        "ClearAllForwardings=yes",
    )
    chosen = [word for option in options for word in ("-o", option)]
    return [ssh, *chosen, "-F", "none", f"root@{address}", "--", *_QUORUM]


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """The path of a file with that content, which is gone afterwards and which nobody writes."""
    number = os.memfd_create("known_hosts", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(number, "wb", buffering=0) as file:
        file.write(data)
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, _SEALS)
        yield f"/proc/{os.getpid()}/fd/{number}"


def _run(argv: Sequence[str], until: float, enough: threading.Event) -> tuple[int | None, str]:
    """(exit code, None if it was ended; what it printed). Raises OSError at its start."""
    process = subprocess.Popen(  # noqa: S603 (a list of ours, no shell, an absolute path)
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=child_environment(),
        cwd="/",
        umask=0o077,
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 (it was asked for as a pipe)
    said = bytearray()
    ready = select.poll()
    ready.register(process.stdout, select.POLLIN)
    try:
        with ongoing(process):
            while time.monotonic() < until and not enough.is_set():
                if ready.poll(_TICK * 1000):
                    piece = os.read(process.stdout.fileno(), _MOST_BYTES)
                    if not piece:
                        break
                    said += piece[: _MOST_BYTES - len(said)]
                elif process.poll() is not None:
                    break
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE if time.monotonic() < until else 0)
    finally:
        _end(process)
    return process.returncode, said.decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):  # it may sleep in the kernel
            process.wait(_PATIENCE)
        if process.returncode is None:
            _left_behind.append(process)
    if process.stdout:
        process.stdout.close()
