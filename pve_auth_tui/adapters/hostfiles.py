"""Files of the node's operating system put in their place as a whole, or taken away.

No link of somebody else's is followed on the way. The new bytes are whole under their name or not
there at all, and only while what lies there is what was looked at.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Final

from pve_auth_tui.core.errors import Refused, Unwritable
from pve_auth_tui.core.host.ports import Look

MOST: Final = 4 * 1024 * 1024  # bytes of a file that is replaced
_HOPS: Final = 16
_HERE: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER: Final = _HERE | os.O_NOFOLLOW
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL: Final = "Is the disk full or read-only? Look with: df -h; mount."


def look_at(root: Path, path: str) -> Look | None:
    """What lies there, links followed; None for nothing. Raises OSError."""
    try:
        state = os.stat(root / path.lstrip("/"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISREG(state.st_mode):
        return Look("file", stat.S_IMODE(state.st_mode), state.st_uid, state.st_size)
    kind = "folder" if stat.S_ISDIR(state.st_mode) else "other"
    return Look(kind, stat.S_IMODE(state.st_mode), state.st_uid, state.st_size)  # type: ignore[arg-type]


def put(root: Path, path: str, content: str | None, mode: int, expected: str) -> None:
    """As `core.host.ports.Host.write` says, below `root`."""
    where = PurePosixPath(path)
    if not where.is_absolute() or ".." in where.parts or not where.name or "\0" in path:
        raise Refused(f"{path} is no absolute path of a file, so nothing was written.")
    try:
        with _folder(root, where.parent, make=content is not None) as folder:
            before = None if folder is None else _bytes(folder, where.name, path)
            found = "" if before is None else hashlib.sha256(before).hexdigest()
            if found != expected:
                raise Refused(
                    f"{path} is not what was looked at any more, so it was left as it is.",
                    "Look at it again, and whether the change is still wanted.",
                )
            if folder is None:
                return
            if content is not None:
                _replace(folder, where.name, content.encode(), mode)
            elif before is not None:
                os.unlink(where.name, dir_fd=folder)
            os.fsync(folder)
    except OSError as error:
        raise Unwritable(f"{path}: {error.strerror}.", _FULL, str(error)) from error


@contextmanager
def _folder(root: Path, folder: PurePosixPath, *, make: bool) -> Iterator[int | None]:
    """Its descriptor; None where it is not there and shall not be made."""
    with ExitStack() as held:
        way = [_kept(held, os.open(root, _HERE))]
        left = deque(folder.parts[1:])
        hops = 0
        while left:
            part = left.popleft()
            if part == "..":
                way[1:] = way[1:-1]
                continue
            try:
                way.append(_kept(held, os.open(part, _FOLDER, dir_fd=way[-1])))
            except FileNotFoundError:
                if not make:
                    yield None
                    return
                way.append(_kept(held, _made(way[-1], part)))
            except OSError as error:
                if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                    raise
                hops += 1
                target = PurePosixPath(_trusted_link(way[-1], part, hops))
                if target.is_absolute():
                    del way[1:]
                left.extendleft(reversed([one for one in target.parts if one not in "/."]))
        yield way[-1]


def _kept(held: ExitStack, handle: int) -> int:
    held.callback(os.close, handle)
    return handle


def _made(around: int, name: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=around)
    handle = os.open(name, _FOLDER, dir_fd=around)
    os.fchmod(handle, 0o755)
    os.fsync(around)
    return handle


def _trusted_link(around: int, name: str, hops: int) -> str:
    """Where a link of root's (or our own) leads. Raises OSError for anything else there."""
    state = os.stat(name, dir_fd=around, follow_symlinks=False)
    if not stat.S_ISLNK(state.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, f"{name} is no folder")
    if state.st_uid not in {0, os.geteuid()} or hops > _HOPS:
        raise OSError(errno.ELOOP, f"{name} is a link that is not followed")
    return os.readlink(name, dir_fd=around)


def _bytes(folder: int, name: str, path: str) -> bytes | None:
    """The file's; None when there is none. Raises Refused for what is no regular file."""
    try:
        handle = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link; a socket
            raise Refused(f"{path} is not a regular file, so it was left as it is.") from error
        raise
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Refused(f"{path} is not a regular file, so it was left as it is.")
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise Refused(f"{path} is too large, so it was left as it is.")
    return data


def _replace(folder: int, name: str, data: bytes, mode: int) -> None:
    """Raises OSError; then the old file is still there."""
    new = f".{name}.{secrets.token_hex(8)}"
    handle = os.open(new, _WRITE, 0o600, dir_fd=folder)
    try:
        with open(handle, "wb") as file:
            if os.geteuid() == 0:
                os.fchown(handle, 0, 0)  # a folder may give its own group to what is made in it
            file.write(data)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)
        raise
