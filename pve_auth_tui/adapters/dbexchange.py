"""config.db exchanged for one in which a file is another (R11).

The order, so that a kill or a power cut at any point leaves the old content or the new one:

1. The files are copied as they are into a new folder beside them, which stays.
2. Two whole databases are made in it, without a log: the old content, and the new.
3. Where there is a log: the old content takes the place of config.db. With the old log over it, it
   is the same, since the log holds the last state of each of its pages.
4. The log and its index go. What is left is the old content, whole.
5. The new content takes the place of config.db.

The new content never lies beside the old log: SQLite would lay that over it, and the old data
would be back, and pass every check.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.dbcopy import copied
from pve_auth_tui.adapters.dbplace import (
    INDEX,
    LOG,
    NAME,
    Place,
    lock_database,
    opened,
    require_same,
)
from pve_auth_tui.adapters.dbwrite import Change, edited
from pve_auth_tui.adapters.holders import require_pmxcfs_stopped, require_unheld
from pve_auth_tui.adapters.limits import MIB
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.adapters.swap import ALLOWED, BELOW
from pve_auth_tui.core.errors import AuthTuiError, Refused, Unwritable
from pve_auth_tui.core.plan import DatabaseEdit

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODES: Final = slice(18, 20)  # of SQLite's header: 1 1, or 2 2 for a database with a log
_SPARE_BYTES: Final = 4 * MIB
_CHUNK: Final = MIB
_OLD, _NEW_NAME = "checkpointed.tmp", "edited.tmp"


class DatabaseEdits:
    """`owner`: who runs this and owns the database; tests are somebody else, with other clocks."""

    def __init__(
        self,
        owner: int = 0,
        now: Callable[[], float] = time.time,
        proc: Path = Path("/proc"),
    ) -> None:
        self._owner = owner
        self._now = now
        self._proc = proc

    def edit(self, step: DatabaseEdit) -> None:
        """As `adapters.dbedit.edit_database` says."""
        name = step.path.removeprefix(f"{BELOW}/")
        if name == step.path or name not in ALLOWED:
            raise Refused(f"{step.path} is no file that this program replaces.")
        if os.geteuid() != self._owner:
            raise Refused("Only root may edit the database.", "Start this program as root.")
        parts = tuple(os.fsencode(part) for part in name.split("/"))
        content = step.content.reveal().encode("latin-1")
        with opened(step.database, self._owner) as place:
            self._require_unheld(place)
            image = _image(place)
            change = Change(parts, content, step.expected, self._now())
            new = edited(image, place.shown, change)
            kept = _keep(place, self._now(), 2 * len(new))
            where = f"The database as it was is kept in {Path(place.shown).with_name(kept)}"
            try:
                with _folder(place.folder, kept) as folder:
                    self._replace(place, folder, image, new)
            except AuthTuiError as error:
                error.hint = f"{error.hint} {where}.".strip()
                raise
            except OSError as error:
                raise Unwritable(
                    f"{place.shown}: {error.strerror}.", f"{where}.", str(error)
                ) from error

    def _require_unheld(self, place: Place) -> None:
        if place.is_own:
            require_pmxcfs_stopped(self._proc)
        require_unheld((*place.files.values(), place.lockfile), self._proc)

    def _replace(self, place: Place, folder: int, old: bytes, new: bytes) -> None:
        """Steps 2 to 5; `folder` is where the whole databases are made."""
        made: list[int] = []
        try:
            made.append(_made(folder, _OLD, old, place))
            made.append(_made(folder, _NEW_NAME, new, place))
            os.fsync(folder)
            self._require_unheld(place)
            require_same(place)
            if LOG in place.files:
                _put(folder, _OLD, place)
                for name in (LOG, INDEX):
                    _remove(name, place)
            elif INDEX in place.files:
                _remove(INDEX, place)
            _put(folder, _NEW_NAME, place)
            if _image(place) != new:
                raise Unwritable(
                    f"{place.shown} does not hold what was written to it.",
                    "Look at the disk: see `dmesg`.",
                )
        finally:
            for fd in made:
                os.close(fd)
            for name in (_OLD, _NEW_NAME):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)


def _image(place: Place) -> bytes:
    """The database with its log brought in, not in WAL mode."""
    copy = copied(RootTree(place.root))
    if not copy.with_log:
        raise Refused(f"{place.shown}-wal cannot be read, so the database was left as it is.")
    return copy.image


def _keep(place: Place, now: float, more: int) -> str:
    """Step 1: the name of the folder, once everything in it is on the disk. `more`: bytes that
    are needed besides. Raises Refused without the room, Unwritable; then there is no folder.
    """
    sizes = {name: os.fstat(fd).st_size for name, fd in place.files.items()}
    system = os.fstatvfs(place.folder)
    needed = sum(sizes.values()) + more + _SPARE_BYTES
    if system.f_bavail * system.f_frsize < needed:
        raise Refused(
            f"{place.shown}: the disk has no room for copies of it ({needed // MIB + 1} MiB).",
            "Make room first, for example: apt-get clean; journalctl --vacuum-size=50M",
        )
    final = _free_name(place.folder, time.strftime("%Y-%m-%d-%H%M%S", time.gmtime(now)))
    half = f"{final}.half"
    try:
        os.mkdir(half, 0o700, dir_fd=place.folder)
        try:
            with _folder(place.folder, half) as folder:
                for name, fd in place.files.items():
                    _copy(fd, folder, name)
                os.fsync(folder)
            os.rename(half, final, src_dir_fd=place.folder, dst_dir_fd=place.folder)
            os.fsync(place.folder)
        except BaseException:
            for name in (half, final):
                with suppress(FileNotFoundError):
                    _discard(place.folder, name)
            raise
    except OSError as error:
        raise Unwritable(
            f"{place.shown} could not be copied, so it was left as it is: {error.strerror}.",
            "Is the disk full or read-only?",
            str(error),
        ) from error
    return final


def _free_name(around: int, stamp: str) -> str:
    """Two edits may come in one second."""
    taken = set(os.listdir(around))
    first = f"{NAME}-before-{stamp}"
    names = chain([first], (f"{first}-{number}" for number in count(2)))
    return next(name for name in names if not taken & {name, f"{name}.half"})


def _discard(around: int, name: str) -> None:
    with _folder(around, name) as folder:
        for file in os.listdir(folder):
            os.unlink(file, dir_fd=folder)
    os.rmdir(name, dir_fd=around)


@contextmanager
def _folder(around: int, name: str) -> Iterator[int]:
    fd = os.open(name, _FOLDER, dir_fd=around)
    try:
        yield fd
    finally:
        os.close(fd)


def _copy(source: int, folder: int, name: str) -> None:
    target = os.open(name, _NEW, 0o600, dir_fd=folder)
    with open(target, "wb") as file:
        at = 0
        while chunk := os.pread(source, _CHUNK, at):
            file.write(chunk)
            at += len(chunk)
        file.flush()
        os.fsync(target)


def _made(folder: int, name: str, image: bytes, place: Place) -> int:
    """A whole database on the disk, with the owner, mode and journal mode of the one in place;
    locked, so that nobody opens it before everything is done.
    """
    fd = os.open(name, _NEW, 0o600, dir_fd=folder)
    try:
        data = bytearray(image)
        data[_MODES] = os.pread(place.files[NAME], 2, _MODES.start)
        with open(fd, "wb", closefd=False) as file:
            file.write(data)
        before = os.fstat(place.files[NAME])
        os.fchown(fd, before.st_uid, before.st_gid)
        os.fchmod(fd, before.st_mode & 0o7777)
        os.fsync(fd)
        lock_database(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _put(folder: int, name: str, place: Place) -> None:
    os.rename(name, NAME, src_dir_fd=folder, dst_dir_fd=place.folder)
    os.fsync(place.folder)


def _remove(name: str, place: Place) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=place.folder)
    os.fsync(place.folder)
