"""Where the simulated node keeps its files: in memory, or in a folder of its own."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from errno import EISDIR, ELOOP, ENOENT, ENOTDIR, ENXIO
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import Final, Protocol

from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NOT_THERE: Final = {EISDIR, ELOOP, ENOENT, ENOTDIR, ENXIO}


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
    """A folder that nobody else writes to (`memory.MemoryTree.written_to` made it).

    It stays the one that it was at the start, whoever renames what above it; no link in it is
    followed, so that nothing outside is ever read or written (R13b). Raises Refused when others
    may change it, Unreadable when it is none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._top = os.open(folder, _FOLDER)
        except OSError as error:
            raise Unreadable(
                f"{folder} cannot be read: {error.strerror}.", "", str(error)
            ) from error
        weakref.finalize(self, os.close, self._top)
        require_own(folder, self._top)

    def read(self, path: str) -> bytes | None:
        try:
            with self._inside(path) as (folder, name):
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with open(os.open(name, flags, dir_fd=folder), "rb") as file:
                    return file.read() if S_ISREG(os.fstat(file.fileno()).st_mode) else None
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise

    def write(self, path: str, data: bytes) -> None:
        try:
            with self._inside(path, make=True) as (folder, name):
                new = f".{name}.new"
                with suppress(FileNotFoundError):
                    os.unlink(new, dir_fd=folder)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with open(os.open(new, flags, 0o600, dir_fd=folder), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            raise Unwritable(
                f"{self._folder / path} cannot be written: {error.strerror}.", "", str(error)
            ) from error

    def remove(self, path: str) -> None:
        with suppress(FileNotFoundError), self._inside(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def names(self, folder: str) -> Sequence[str]:
        try:
            with self._inside(f"{folder}/." if folder else ".") as (inside, _):
                return sorted(os.listdir(inside))
        except OSError as error:
            if error.errno in _NOT_THERE:
                return ()
            raise

    @contextmanager
    def _inside(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The open folder that holds a path's last part, and that part's name."""
        *folders, name = path.split("/")
        if ".." in (*folders, name):
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT))
        here = os.dup(self._top)
        try:
            for part in folders:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o700, dir_fd=here)
                here, above = os.open(part, _FOLDER, dir_fd=here), here
                os.close(above)
            yield here, name
        finally:
            os.close(here)


def require_own(folder: Path, top: int) -> None:
    """Raises Refused when others can change what is in an open folder."""
    owner = os.fstat(top)
    if owner.st_uid != os.geteuid() or S_IMODE(owner.st_mode) & 0o022:
        raise Refused(
            f"{folder} can be changed by others. Nothing was written.",
            "Name a folder of your own that only you can write to.",
        )
