"""Files that only our own user can read, in a folder of his own (security.md R13b).

Folders are opened first and checked then, by what was opened and not by its name; files are made
anew in them, never followed, never written over in place. What fails is an OSError, which
`private` turns into Unwritable.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pve_auth_tui.core.errors import Missing, Unreadable, Unwritable

HINT: Final = (
    "Is the disk full or read-only? The folder must belong to you and be closed to others."
)
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def private(path: Path) -> Iterator[int]:
    """Within: the folder, open as `private_folder` gives it. An OSError becomes Unwritable."""
    try:
        folder = private_folder(path)
        try:
            yield folder
        finally:
            os.close(folder)
    except OSError as error:
        raise unwritable(path, error) from error


def private_folder(path: Path, *, make: bool = True) -> int:
    """A folder's descriptor, for the caller to close; missing folders are made, mode 0700.

    The folder is no link, ours, and closed to everybody else; the one around it is ours or
    root's, and nobody else can write to it. Raises Unwritable when that is not so, OSError when
    it cannot be opened or made (FileNotFoundError when it shall not be made).
    """
    if make:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    around = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _require(path.parent, around, owners={0, os.geteuid()}, closed=0o022)
        if make:
            with suppress(FileExistsError):
                os.mkdir(path.name, 0o700, dir_fd=around)
                os.fsync(around)
        folder = os.open(path.name, _FOLDER, dir_fd=around)
    finally:
        os.close(around)
    try:
        _require(path, folder, owners={os.geteuid()}, closed=0o077)
    except BaseException:
        os.close(folder)
        raise
    return folder


def new_file(folder: int, name: str, data: bytes) -> None:
    """Make a file, mode 0600, and see it on the disk. Raises OSError; then there is none.

    FileExistsError when there is something of that name, whatever it is.
    """
    handle = os.open(name, _NEW_FILE, 0o600, dir_fd=folder)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.fsync(folder)
    except BaseException:
        os.unlink(name, dir_fd=folder)  # half a file would pass for a whole one
        raise


def replace_file(folder: int, name: str, data: bytes) -> None:
    """Make a file, or put it in place of the one of that name, at once: never half of it.

    Raises OSError; then the old one is still there. What a power cut leaves has a name that
    begins with a dot.
    """
    new = f".{name}.{secrets.token_hex(8)}"
    new_file(folder, new, data)
    try:
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)
        raise


def read_file(folder: int, name: str, most: int) -> bytes:
    """A file's bytes. Raises Missing, and Unreadable for what has more than `most` bytes, is no
    file, belongs to somebody else or can be changed by others.
    """
    try:
        handle = os.open(name, _OLD_FILE, dir_fd=folder)
        try:
            require_own_file(name, handle)
            with open(handle, "rb", closefd=False) as file:
                data = file.read(most + 1)
        finally:
            os.close(handle)
    except FileNotFoundError as error:
        raise Missing(f"{name} is not there.", "", str(error)) from error
    except OSError as error:
        raise Unreadable(f"{name} cannot be read: {error.strerror}.", "", str(error)) from error
    if len(data) > most:
        raise Unreadable(f"{name} has more than {most} bytes, so it is not read.")
    return data


def require_own_file(name: str, handle: int) -> None:
    """Raises Unreadable unless an open file is a regular one, ours, and closed to others."""
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode):
        raise Unreadable(f"{name} is not a regular file, so it is not read.")
    if state.st_uid != os.geteuid() or stat.S_IMODE(state.st_mode) & 0o077:
        raise Unreadable(f"{name} can be used by others, so it is not trusted.")


def unwritable(path: Path, error: OSError) -> Unwritable:
    """The same in the user's words."""
    return Unwritable(f"{path}: {error.strerror}.", HINT, str(error))


def _require(path: Path, folder: int, *, owners: set[int], closed: int) -> None:
    state = os.fstat(folder)
    if state.st_uid not in owners or stat.S_IMODE(state.st_mode) & closed:
        raise Unwritable(f"{path} can be used by others; nothing was written.", HINT)
