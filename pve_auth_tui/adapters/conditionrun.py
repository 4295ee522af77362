"""A command that only tells something, asked so that nothing it does can keep us (R1).

Its own time, no shell, no terminal, a clean environment. After its time it is killed with its
group. One that not even SIGKILL ends (it sleeps in the kernel, on a dead mount or disk) is left
behind, and is not started a second time while it is there: whoever looks every few seconds must
not fill the machine with children.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from pve_auth_tui.adapters.ongoing import ongoing
from pve_auth_tui.environment import child_environment

MOST_BYTES: Final = 256 * 1024  # of what it prints; more than any of them has to say
STILL: Final = "has not answered since it was asked before"

_CHUNK: Final = 64 * 1024
_PATIENCE: Final = 0.2  # seconds for a killed child to be gone


class Answer(NamedTuple):
    """What it printed, whole or until it was stopped; `said`: the first line of its stderr.

    `why` is "" when it ended by itself; else why not, as the end of a sentence (`did not answer
    within 2 s`). `code`: its exit code then. The texts are untrusted.
    """

    text: str = ""
    said: str = ""
    why: str = ""
    code: int | None = None


Run = Callable[[Sequence[str], float], Answer]
"""(argv with an absolute path, seconds) -> what came of it; never raises."""


class Runner:
    """A Run. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}

    def __call__(self, argv: Sequence[str], seconds: float) -> Answer:
        key = tuple(argv)
        with self._lock:
            left = self._left.get(key)
            if left is not None and left.poll() is None:
                return Answer(why=STILL)
            self._left.pop(key, None)
        until = time.monotonic() + seconds
        try:
            process = subprocess.Popen(  # noqa: S603 (a list of ours, no shell, an absolute path)
                argv,
                bufsize=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=child_environment(),
                cwd="/",
                umask=0o077,
                start_new_session=True,  # a ctrl+c is for us, not for it
            )
        except FileNotFoundError:
            return Answer(why="is not installed")
        except OSError as error:
            return Answer(why=f"could not be started: {error.strerror}")
        reading = _Reading(process)
        with ongoing(process):
            why = reading.until(until) or f"did not answer within {seconds:g} s"
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            if process.returncode is None:
                with self._lock:
                    self._left[key] = process
        elif why == _ENDED:
            why = "" if process.returncode >= 0 else f"was ended by signal {-process.returncode}"
        text, said = reading.texts()
        return Answer(text, said, why, None if why else process.returncode)


_ENDED: Final = "ended"


class _Reading:
    """Both streams of a process, taken until it ends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 (both were asked for as pipes)
        assert process.stderr is not None  # noqa: S101
        self._process = process
        self._streams = (process.stdout, process.stderr)
        self._found: dict[int, list[bytes]] = {one.fileno(): [] for one in self._streams}
        self._poll = select.poll()
        for number in self._found:
            os.set_blocking(number, False)
            self._poll.register(number, select.POLLIN)
        self._open = len(self._found)
        self._bytes = 0

    def until(self, until: float) -> str:
        """`_ENDED`, or why it must be stopped; "" when its time is over.

        Its own end counts, not that of its output: what it left running may hold the pipes.
        """
        while (left := until - time.monotonic()) > 0:
            over = self._process.poll() is not None
            if not self._open:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(left)
                return "" if self._process.returncode is None else _ENDED
            ready = self._poll.poll(0 if over else min(left, 0.1) * 1000)
            if not ready and over:
                return _ENDED
            for number, _ in ready:
                self._take(number)
            if self._bytes > MOST_BYTES:
                return f"printed more than {MOST_BYTES // 1024} KiB"
        return ""

    def texts(self) -> tuple[str, str]:
        """(all of stdout, the first line of stderr); closes both."""
        out, err = (
            b"".join(self._found[one.fileno()]).decode("utf-8", "replace") for one in self._streams
        )
        for one in self._streams:
            one.close()
        return out, err.lstrip().partition("\n")[0]

    def _take(self, number: int) -> None:
        try:
            piece = os.read(number, _CHUNK)
        except BlockingIOError:
            return
        if not piece:
            self._poll.unregister(number)
            self._open -= 1
            return
        self._found[number].append(piece)
        self._bytes += len(piece)
