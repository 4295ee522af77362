"""The folder of our own: saved lists, for this user alone. A Shelf."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from pve_auth_tui.core.errors import Unwritable

_HINT = "Is the disk full or read-only? The folder must belong to you and be closed to others."


class StateFolder:
    """Files are created anew, never followed or overwritten, mode 0600 in a 0700 folder (R13b)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, name: str, text: str) -> Path:
        """Write `text` to a new file; raises Unwritable."""
        now = datetime.now(UTC)
        path = self._folder / f"{now:%Y-%m-%dT%H%M%S}-{now.microsecond:06d}-{name}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                self._check(folder)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                handle = os.open(path.name, flags, 0o600, dir_fd=folder)
                try:
                    with os.fdopen(handle, "w", encoding="utf-8") as file:
                        file.write(text)
                        file.flush()
                        os.fsync(file.fileno())
                except OSError:
                    os.unlink(path.name, dir_fd=folder)  # half a list would pass for a whole one
                    raise
            finally:
                os.close(folder)
        except OSError as error:
            raise Unwritable(f"{path}: {error.strerror}.", _HINT, str(error)) from error
        return path

    def _check(self, folder: int) -> None:
        state = os.fstat(folder)
        if state.st_uid != os.geteuid() or stat.S_IMODE(state.st_mode) & 0o077:
            raise Unwritable(f"{self._folder} can be used by others; nothing was written.", _HINT)
