"""The folder of config.db, opened so that nobody can exchange the database meanwhile (R10, R11).

Two locks are held while it is open: that of pmxcfs (it does not start without), and SQLite's own
on the database (nobody else can open it). Both end with this process, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.dbcopy import FILE
from pve_auth_tui.adapters.limits import DATABASE_BYTES, in_words
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable

NAME: Final = "config.db"
LOG, INDEX, JOURNAL = f"{NAME}-wal", f"{NAME}-shm", f"{NAME}-journal"
_LOCKFILE: Final = ".pmxcfs.lockfile"  # pmxcfs.c: flock, exclusive, as long as it runs
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OTHERS_WRITE: Final = 0o022
# https://www.sqlite.org/src/doc/trunk/src/os.h: every connection holds one byte at least of these
# while it has a database in WAL mode open. struct flock: type, whence, start, length, pid.
_LOCK_BYTES: Final = (0x40000000, 512)
_FLOCK: Final = struct.Struct("hhqqi4x")


@dataclass(frozen=True)
class Place:
    """`root`: of the system that the database belongs to; `is_own`: it is the one that runs.

    `folder` and `files` (name -> descriptor: config.db, and what there is of -wal and -shm).
    """

    root: Path
    is_own: bool
    folder: int
    files: Mapping[str, int]
    lockfile: int

    @property
    def shown(self) -> str:
        """The database's path as the user knows it."""
        return str(self.root / FILE)


def system_of(database: str) -> Path:
    """The root of the system whose database lies at that absolute path. Raises Refused."""
    parts = database.split("/")
    if not database.endswith(f"/{FILE}") or parts[0] or {"", ".", ".."} & set(parts[1:]):
        raise Refused(f"{database} is no database that this program edits.")
    return Path(database.removesuffix(f"/{FILE}") or "/")


@contextmanager
def opened(database: str, owner: int) -> Iterator[Place]:
    """Within: the place, locked. Raises Refused when somebody has it locked, or it is not what
    pmxcfs makes: a link, something of another owner than `owner`, a second name for the same file.
    """
    root = system_of(database)
    with ExitStack() as stack:
        try:
            folders = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
            stack.callback(os.close, folders[0])
            for part in FILE.split("/")[:-1]:
                folders.append(os.open(part, _FOLDER, dir_fd=folders[-1]))
                stack.callback(os.close, folders[-1])
            folder = folders[-1]
            state = os.fstat(folder)
            if state.st_uid != owner or state.st_mode & _OTHERS_WRITE:
                raise _not_ours(str(root / FILE).rpartition("/")[0])
            files: dict[str, int] = {}
            for name in (NAME, LOG, INDEX, JOURNAL):
                with suppress(*([FileNotFoundError] if name != NAME else [])):
                    files[name] = _file(folder, name, owner)
                    stack.callback(os.close, files[name])
            if JOURNAL in files:
                raise Refused(
                    f"{root / FILE}-journal is there, and pmxcfs makes none.",
                    "Somebody else has opened the database. Let SQLite finish it, or move it away.",
                )
            lockfile = _file(folder, _LOCKFILE, owner, os.O_CREAT)
            stack.callback(os.close, lockfile)
            _lock(lockfile, files[NAME])
            is_own = os.path.samestat(os.fstat(folders[0]), os.stat("/"))
            yield Place(root, is_own, folder, files, lockfile)
        except FileNotFoundError as error:
            raise Unreadable(f"{database} is not there.", original=str(error)) from error
        except OSError as error:
            raise Unwritable(f"{database}: {error.strerror}.", "", str(error)) from error


def lock_database(database: int) -> None:
    """Nobody can open it as an SQLite database from now on. Raises OSError when somebody has."""
    wanted = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, *_LOCK_BYTES, 0)
    fcntl.fcntl(database, fcntl.F_OFD_SETLK, wanted)


def require_same(place: Place) -> None:
    """Raises Refused when other files than those that were opened have the names by now."""
    for name in (NAME, LOG, INDEX, JOURNAL):
        try:
            found = os.stat(name, dir_fd=place.folder, follow_symlinks=False)
        except FileNotFoundError:
            same = name not in place.files
        else:
            same = name in place.files and os.path.samestat(found, os.fstat(place.files[name]))
        if not same:
            raise Refused(f"{place.shown} was exchanged meanwhile, so it was left as it is.")


def _file(folder: int, name: str, owner: int, flags: int = 0) -> int:
    with suppress(FileNotFoundError):
        # A device is not even opened: on a disk made to harm it may be a watchdog.
        kind = stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        if kind not in {stat.S_IFREG, stat.S_IFLNK}:
            raise _not_ours(name)
    fd = os.open(name, _FILE | flags, 0o600, dir_fd=folder)
    state = os.fstat(fd)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1 or state.st_uid != owner:
        os.close(fd)
        raise _not_ours(name)
    if state.st_size > DATABASE_BYTES:
        os.close(fd)
        raise Refused(f"{name} is larger than {in_words(DATABASE_BYTES)}, so it was left as it is.")
    return fd


def _lock(lockfile: int, database: int) -> None:
    try:
        fcntl.flock(lockfile, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock_database(database)
    except (BlockingIOError, PermissionError) as error:
        raise Refused(
            "pmxcfs or another program holds the database, so it was left as it is.",
            "systemctl stop pve-cluster; then look with: fuser -v /var/lib/pve-cluster/*",
            str(error),
        ) from error


def _not_ours(what: str) -> Refused:
    return Refused(
        f"{what} is not as pmxcfs makes it (a link, a second name, another owner, or writable by "
        "others), so it was left as it is.",
        "Look at it with `ls -l`.",
    )
