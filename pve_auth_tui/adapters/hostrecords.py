"""What commands on this node said, each in a file of its own (0600), for whoever looks later.

Bounded in size and number: the oldest go. A disk that takes no line ends no join, so nothing here
raises. Secrets are masked before a line comes here (`adapters.hostchild`).
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.privatefile import private
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ports import Clock

KEPT: Final = 200  # files
MOST: Final = 2 * 1024 * 1024  # bytes of one
_NAME: Final = re.compile(r"\d{8}-\d{6}-\d{3}\.txt")
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FileRecords:
    """`own`: this program's folder; the files lie in `own/host-steps`."""

    def __init__(self, own: Path, clock: Clock) -> None:
        self._folder = own / "host-steps"
        self._clock = clock

    def begin(self, title: str) -> FileRecord:
        """The record of one command; its first line is `title`."""
        stamp = f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y%m%d-%H%M%S}"
        record = FileRecord("", None)
        with suppress(AuthTuiError), private(self._folder) as folder:
            _tidy(folder)
            for number in range(1000):
                name = f"{stamp}-{number:03}.txt"
                with suppress(FileExistsError):
                    handle = os.open(name, _NEW, 0o600, dir_fd=folder)
                    record = FileRecord(str(self._folder / name), handle)
                    break
        record.line(f"# {title}")
        return record


class FileRecord:
    """`handle` None: there is no place, and nothing is kept."""

    def __init__(self, name: str, handle: int | None) -> None:
        self._name = name
        self._handle = handle
        self._room = MOST

    @property
    def name(self) -> str:
        """Where it is; "" for nowhere."""
        return self._name

    def line(self, text: str) -> None:
        """One more, as it can be shown; the last one says that there were more."""
        data = f"{plain(text)}\n".encode()
        if self._room <= 0:
            return
        if len(data) > self._room:
            data = b"[it said more than is kept]\n"
            self._write(data)
            self._room = 0
            return
        self._room -= len(data)
        self._write(data)

    def close(self) -> None:
        """On the disk, and no more lines."""
        if self._handle is not None:
            with suppress(OSError):
                os.fsync(self._handle)
            with suppress(OSError):
                os.close(self._handle)
            self._handle = None

    def _write(self, data: bytes) -> None:
        if self._handle is not None:
            try:
                os.write(self._handle, data)
            except OSError:
                self.close()


def _tidy(folder: int) -> None:
    """Room for one more."""
    names = sorted(name for name in os.listdir(folder) if _NAME.fullmatch(name))
    for name in names[: max(0, len(names) - KEPT + 1)]:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
