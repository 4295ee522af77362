"""config.db and its -wal, copied into memory as one state that really was.

No lock is taken and no file is made, beside the original or elsewhere: nothing to clean up,
and it works on a read-only disk (SQLite's own `mode=ro` writes files beside the original).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.adapters.limits import DATABASE_BYTES
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.adapters.wal import HEADER_BYTES, laid_over
from pve_auth_tui.core.errors import Missing, Unreadable

FILE: Final = "var/lib/pve-cluster/config.db"
BACKUPS: Final = "Older copies may lie in /var/lib/pve-cluster/backup."

_MAGIC: Final = b"SQLite format 3\0"
# https://www.sqlite.org/fileformat2.html#the_database_header: page size, change counter,
# pages, and the change counter for which the number of pages is valid.
_HEADER: Final = struct.Struct(">16xH6xII60xI4x")
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Copy:
    """`image` is a database on its own, no longer in WAL mode. `with_log` is False when
    there was a -wal that could not be read. `mark` equals `marked()` until something changes.
    """

    image: bytes = field(repr=False)
    with_log: bool
    mark: object


def copied(files: RootTree) -> Copy:
    """The database as it was after its last transaction, although somebody may write to it.

    Why this is a state that existed: in WAL mode the database file changes only when frames
    of the log are brought over, and those stay in the log until it is begun anew with
    another header. The log is read after the database; when it is then still the same file
    with the same header, it holds every frame that went over meanwhile, and laying it over
    the copy mends what the copy has only half.

    Raises Missing or Unreadable.
    """
    shown = files.shown(FILE)
    for _ in range(_TRIES):
        mark = marked(files)
        with files.opened(FILE) as fd:
            image = bytearray(files.slurp(fd, FILE, DATABASE_BYTES))
        log = _log(files)
        _require_no_journal(files)
        if marked(files) != mark:
            continue
        laid_over(image, log or b"")
        _require_whole(image, shown)
        image[18:20] = b"\1\1"  # SQLite refuses a database in WAL mode when it is in memory
        return Copy(bytes(image), log is not None, mark)
    raise Unreadable(f"{shown} changes faster than it can be read.", "Read it again.")


def _require_whole(image: bytearray, shown: str) -> None:
    """SQLite itself may take a missing end for zeros."""
    if image[: len(_MAGIC)] != _MAGIC or len(image) < _HEADER.size:
        raise Unreadable(f"{shown} is not an SQLite database.", BACKUPS)
    page_size, changes, pages, valid_for = _HEADER.unpack_from(image)
    wanted = pages * (65536 if page_size == 1 else page_size)
    if changes == valid_for and wanted > len(image):
        raise Unreadable(f"{shown} is cut off: its end is missing.", BACKUPS)


def marked(files: RootTree) -> object:
    """A value that is equal as long as the database and its log are what they were."""
    with files.opened(FILE) as fd:
        database = _stamp(fd)
    try:
        with files.opened(f"{FILE}-wal") as fd:
            return database, _stamp(fd), os.pread(fd, HEADER_BYTES, 0)
    except Unreadable:
        return (database,)


def _stamp(fd: int) -> tuple[int, ...]:
    of = os.fstat(fd)
    return of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns


def _log(files: RootTree) -> bytes | None:
    """None when there is one that cannot be read."""
    path = f"{FILE}-wal"
    try:
        with files.opened(path) as fd:
            return files.slurp(fd, path, DATABASE_BYTES)
    except Missing:
        return b""
    except Unreadable:
        return None


def _require_no_journal(files: RootTree) -> None:
    """A rollback journal that is still hot means half a transaction in the database."""
    try:
        with files.opened(f"{FILE}-journal") as fd:
            hot = os.pread(fd, 1, 0) not in {b"", b"\0"}
    except Missing:
        return
    if hot:
        raise Unreadable(
            f"{files.shown(FILE)} was left in the middle of a change.",
            "Let SQLite finish it in a copy of the folder: `sqlite3 config.db .tables`.",
        )
