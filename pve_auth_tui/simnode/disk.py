"""Where the simulated node keeps its files: in memory, or in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from pve_auth_tui.core.errors import Unwritable


class Disk(Protocol):
    """Files by path (`etc/pve/user.cfg`); one writer at a time, which is `state.State`'s care."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None when it is not there."""

    def write(self, path: str, data: bytes) -> None:
        """Put a whole file in place of the old one, at once. Raises Unwritable."""

    def remove(self, path: str) -> None:
        """Remove a file; nothing when it is not there."""

    def names(self, folder: str) -> Sequence[str]:
        """Sorted names in a folder; empty when there is none."""


class MemoryDisk:
    """Paths and bytes; folders exist through the files in them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def write(self, path: str, data: bytes) -> None:
        self.files[path] = data

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    def names(self, folder: str) -> Sequence[str]:
        start = f"{folder}/" if folder else ""
        below = [path for path in list(self.files) if path.startswith(start)]
        return sorted({path[len(start) :].partition("/")[0] for path in below})


class FolderDisk:
    """A folder that nobody else writes to (`memory.MemoryTree.written_to` made it)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def write(self, path: str, data: bytes) -> None:
        place = self._folder / path
        new = place.with_name(f".{place.name}.new")
        try:
            self._make(place.parent)
            with suppress(FileNotFoundError):
                new.unlink()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(new, flags, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(place)
        except OSError as error:
            raise Unwritable(
                f"{place} cannot be written: {error.strerror}.", "", str(error)
            ) from error

    def _make(self, folder: Path) -> None:
        if folder != self._folder and not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)

    def remove(self, path: str) -> None:
        with suppress(FileNotFoundError):
            (self._folder / path).unlink()

    def names(self, folder: str) -> Sequence[str]:
        try:
            return sorted(os.listdir(self._folder / folder))
        except (FileNotFoundError, NotADirectoryError):
            return ()
