"""A program in a pseudo-terminal of its own, watched from outside."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from contextlib import suppress

_ESCAPES = re.compile(rb"\x1b(\[[0-9;:?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|[=>78M])")
_ENVIRONMENT = {
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
}


class Terminal:
    """Starts the program at once; times are seconds of `time.perf_counter()`."""

    def __init__(self, argv: Sequence[str], *, columns: int = 80, rows: int = 24) -> None:
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], list(argv), _ENVIRONMENT)  # noqa: S606 - our own interpreter
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._drawn = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    def until(self, text: str, seconds: float = 30.0) -> float:
        """Wait until `text` has been drawn since the last call; how long after the start."""
        wanted = text.encode()
        while wanted not in _ESCAPES.sub(b"", self._drawn):
            if not self._read(seconds):
                tail = _ESCAPES.sub(b"", self._drawn)[-2000:].decode(errors="replace")
                raise TimeoutError(f"{text!r} was never drawn; the last that was: {tail}")
        self._drawn = b""
        return time.perf_counter() - self.started

    def settle(self, seconds: float = 0.3) -> float:
        """Read until nothing comes for so long; when the last byte came."""
        last = time.perf_counter()
        while self._read(seconds):
            last = time.perf_counter()
        self._drawn = b""
        return last

    def watch(self, seconds: float) -> None:
        """Read for so long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def press(self, keys: str) -> float:
        """Type; when that was."""
        now = time.perf_counter()
        os.write(self._fd, keys.encode())
        return now

    def cpu(self) -> float:
        """Seconds of processor time that the program and its threads have used so far."""
        return time.clock_gettime((~self.pid << 3) | 2)  # CPUCLOCK_SCHED of that process

    def peak_memory(self) -> float:
        """The most memory that it ever had in use, in MB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        return kib * 1024 / 1e6

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # the program has ended
            return False
        self._drawn += data
        return bool(data)
