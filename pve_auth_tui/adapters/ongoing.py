"""Children that only tell something: none of them outlives the program.

They are asked in threads that nobody waits for, so the program may end before they do.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_running: set[subprocess.Popen[bytes]] = set()
_over = False


@contextmanager
def ongoing(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """While somebody waits for it. It must lead a group of its own, which is killed as a whole."""
    _running.add(process)
    if _over:
        _kill(process)
    try:
        yield
    finally:
        _running.discard(process)


@atexit.register
def end_all() -> None:
    """What is started from now on is ended at once: threads go on until the very end."""
    global _over  # noqa: PLW0603 (as there is one end)
    _over = True
    for process in list(_running):
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
