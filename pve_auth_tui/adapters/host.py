"""One command on this node: without a shell, in a clean environment, within a time limit (R1).

What it prints is untrusted and goes to the caller line by line; it is never part of an error.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pve_auth_tui.core.errors import CommandFailed
from pve_auth_tui.core.plan import HostCommand
from pve_auth_tui.environment import child_environment

LONGEST_LINE: Final = 4096  # bytes; what is longer comes in pieces
MOST_BYTES: Final = 1024 * 1024  # of output that is told; the rest is read and dropped
_CHUNK: Final = 64 * 1024
_PATIENCE: Final = 2.0  # seconds between "please end" and the end

OnLine = Callable[[str], None]


def run_command(command: HostCommand, on_line: OnLine = lambda line: None) -> int:
    """Run it to its end and return 0; `on_line` gets what it prints, both streams as one.

    It has no terminal, and nothing on its stdin but the secret, if there is one: so it cannot
    wait for a password that nobody types. Raises CommandFailed with the tool's name and how it
    ended: with an exit code, by a signal, after its time was over, or not started at all.
    """
    tool = os.path.basename(command.argv[0])
    if not os.path.isabs(command.argv[0]):
        raise CommandFailed(f"{tool} has no absolute path, so it was not started.")
    try:
        process = subprocess.Popen(  # noqa: S603 (a list of ours, no shell, an absolute path)
            command.argv,
            stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=child_environment(),
            cwd="/",
            umask=0o077,
            close_fds=True,
            start_new_session=True,  # ctrl+c and a lost terminal are for us, not for it
        )
    except OSError as error:
        raise CommandFailed(
            f"{tool} could not be started: {error.strerror}.", "Is its package installed?"
        ) from None
    try:
        return _followed(process, command, on_line)
    finally:
        _end(process)


def _followed(process: subprocess.Popen[bytes], command: HostCommand, on_line: OnLine) -> int:
    until = time.monotonic() + command.seconds
    if process.stdin and command.stdin is not None:
        value = command.stdin.reveal().encode()
        # In a thread: a command that reads nothing must not keep us beyond its time.
        threading.Thread(target=_feed, args=(process, value), daemon=True).start()
    tool = os.path.basename(command.argv[0])
    ended = _read(process, until, on_line)
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, until - time.monotonic()) if ended else 0.0)
    if process.returncode is None:
        raise CommandFailed(
            f"{tool} did not end within {command.seconds:g} s and was ended.",
            "It may have done a part of its work: look before it is run again.",
        )
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise CommandFailed(f"{tool} was ended by {name}.")
    if process.returncode > 0:
        raise CommandFailed(f"{tool} ended with exit code {process.returncode}.")
    return 0


def _feed(process: subprocess.Popen[bytes], value: bytes) -> None:
    stdin = process.stdin
    if stdin:
        with suppress(OSError, ValueError):  # it has ended, or closed its stdin: its own matter
            stdin.write(value)
            stdin.close()


def _read(process: subprocess.Popen[bytes], until: float, on_line: OnLine) -> bool:
    """Tell its lines; False when the time was over first.

    Its own end counts, not that of its output: what it left running may hold the pipe open.
    """
    assert process.stdout is not None  # noqa: S101 (it was asked for as a pipe)
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    rest, told = b"", 0
    while (left := until - time.monotonic()) > 0:
        over = process.poll() is not None
        ready = poll.poll(0 if over else min(left, 0.1) * 1000)
        if not ready:
            if over:
                break
            continue
        try:
            piece = os.read(pipe, _CHUNK)
        except BlockingIOError:
            continue
        if not piece:
            break
        if told < MOST_BYTES:
            told += len(piece)
            rest = _tell(rest + piece, on_line)
    else:
        return False
    if rest:
        on_line(rest.decode("utf-8", "replace"))
    return True


def _tell(data: bytes, on_line: OnLine) -> bytes:
    """Whole lines to `on_line`; what is left."""
    while True:
        line, newline, rest = data.partition(b"\n")
        if not newline and len(data) <= LONGEST_LINE:
            return data
        if len(line) > LONGEST_LINE:
            line, rest = data[:LONGEST_LINE], data[LONGEST_LINE:]
        on_line(line.decode("utf-8", "replace").rstrip("\r"))
        data = rest


def _end(process: subprocess.Popen[bytes]) -> None:
    """A command that still runs ends with its whole group: asked first, then killed."""
    assert process.stdout is not None  # noqa: S101 (it was asked for as a pipe)
    if process.returncode is None:  # not waited for: the number is still its own
        _signal(process, signal.SIGTERM)
        _wait_for_silence(process.stdout.fileno())
        _signal(process, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):  # it sleeps in the kernel: a dead mount
            process.wait(_PATIENCE)
    for stream in (process.stdin, process.stdout):
        if stream:
            with suppress(OSError):  # a secret that nobody read
                stream.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _wait_for_silence(pipe: int) -> None:
    """Until nobody holds the other end any more, or the patience is over."""
    until = time.monotonic() + _PATIENCE
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while (left := until - time.monotonic()) > 0 and poll.poll(left * 1000):
        with suppress(BlockingIOError):
            if not os.read(pipe, _CHUNK):
                return
