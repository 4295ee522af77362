"""One file of pmxcfs's table replaced, in a database in memory (R11).

The rows are written as pmxcfs writes them (memdb.c: memdb_pwrite; database.c: bdb_backend_write):
each change has the next version, which also stands in the root's row; a new file gets the version
as its inode; the writer is 0, as for every change that comes through /etc/pve.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple

from pve_auth_tui.adapters.dbcopy import BACKUPS
from pve_auth_tui.adapters.limits import DATABASE_BYTES, FILE_BYTES, MIB, in_words
from pve_auth_tui.adapters.pmxcfsdb import FOLDER, REGULAR, Entry, PmxcfsDatabase
from pve_auth_tui.core.errors import Refused, Unreadable

_ROOT: Final = 0
_SECONDS: Final = 5.0
_STEPS: Final = 1_000
_ROW_BYTES: Final = 16 * MIB
_LARGEST_VERSION: Final = 2**62  # far below what a 64-bit number holds; PVE counts by ones
_U32: Final = 2**32 - 1
_CLUSTER: Final = (b"corosync.conf",)
_ROWS: Final = (
    "SELECT inode, parent, version, writer, mtime, type, CAST(name AS BLOB), typeof(data), "
    "CAST(data AS BLOB) FROM tree"
)


class Change(NamedTuple):
    """The file below /etc/pve at `parts`, its new content, the SHA-256 (hex) of what must be
    there until now ("": no such file), and the time in seconds since 1970.
    """

    parts: tuple[bytes, ...]
    content: bytes
    expected: str
    now: float


def edited(image: bytes, shown: str, change: Change) -> bytes:
    """The same database with the file changed. `image` is not in WAL mode; nor is the result.

    Raises Refused when the node belongs to a cluster, or another content is there than expected;
    Unreadable when pmxcfs would not take the database, or it holds more than pmxcfs's table.
    """
    before = PmxcfsDatabase(image, shown)
    if before.find(_CLUSTER) is not None:
        raise Refused(
            "This node belongs to a cluster: corosync.conf is in its database, so it was left as "
            "it is. The other nodes would bring the old state back, or take this one for newer.",
            "Start it alone with `pmxcfs -l`, or bring quorum back: then PVE itself can write.",
        )
    if len(change.content) > FILE_BYTES:
        raise Refused(f"pmxcfs takes no file above {in_words(FILE_BYTES)}.")
    found = before.find(change.parts)
    _require_expected(before, found, change)
    folder = before.find(change.parts[:-1])
    if folder is None or folder.kind != FOLDER:
        raise Refused(f"{shown} has no folder for that file.", BACKUPS)
    with _opened(image, shown) as connection:
        _require_sane(connection, shown)
        inode = _write(connection, found, folder, change)
        _require_intact(connection, shown)
        after = connection.serialize()
    if len(after) > DATABASE_BYTES:
        raise Refused(f"{shown} would be larger than {in_words(DATABASE_BYTES)}.")
    _require_only(image, after, shown, inode)
    written = PmxcfsDatabase(after, shown)
    now_there = written.find(change.parts)
    if now_there is None or written.content(now_there) != change.content:
        raise Unreadable(f"{shown} does not take the change.", BACKUPS)
    return after


def _require_expected(database: PmxcfsDatabase, found: Entry | None, change: Change) -> None:
    if found is not None and found.kind != REGULAR:
        raise Refused("There is a folder in place of that file in the database.", BACKUPS)
    digest = hashlib.sha256(database.content(found)).hexdigest() if found is not None else ""
    if digest != change.expected:
        raise Refused(
            "The file in the database is not what was looked at any more, so it was left as it is.",
            "Read it again and look whether the change is still wanted.",
        )


@contextmanager
def _opened(image: bytes, shown: str) -> Iterator[sqlite3.Connection]:
    """SQLite's errors in our words, and an end to whatever it was made to do."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _ROW_BYTES)
        connection.text_factory = bytes
        until = time.monotonic() + _SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        try:
            connection.deserialize(image)
            for setting in ("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = OFF"):
                connection.execute(f"PRAGMA {setting}")
            yield connection
        except (sqlite3.Error, MemoryError) as error:
            raise Unreadable(f"{shown} is damaged: {error}.", BACKUPS, str(error)) from error


def _require_sane(connection: sqlite3.Connection, shown: str) -> None:
    """What runs by itself when a row changes is nothing of pmxcfs's."""
    kinds = connection.execute("SELECT type, rootpage FROM sqlite_master").fetchall()
    if any(kind not in {b"table", b"index"} or not page for kind, page in kinds):
        raise Unreadable(
            f"{shown} cannot be used: it has triggers or views, and pmxcfs makes none.", BACKUPS
        )
    _require_intact(connection, shown)


def _require_intact(connection: sqlite3.Connection, shown: str) -> None:
    problems = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if problems != [(b"ok",)]:
        raise Unreadable(f"{shown} is damaged.", BACKUPS, repr(problems))
    kind = "SELECT typeof(version) FROM tree WHERE inode = 0"
    if connection.execute(kind).fetchall() != [(b"integer",)]:
        raise Unreadable(f"{shown} cannot be used: it has no `__version__`.", BACKUPS)


def _write(
    connection: sqlite3.Connection, found: Entry | None, folder: Entry, change: Change
) -> int:
    """The inode that was written.

    pmxcfs counts on from the root's version. No row can have a larger number then, unless
    somebody else has written to the table: the new number is above all of them.
    """
    largest = "SELECT max(max(version), max(inode)) FROM tree WHERE typeof(version) = 'integer'"
    version = connection.execute(largest).fetchone()[0] + 1
    if not 0 < version <= _LARGEST_VERSION:
        raise Unreadable("The database has a version that pmxcfs never reaches.", BACKUPS)
    mtime = int(change.now) & _U32
    data = change.content or None
    inode = version if found is None else found.inode
    connection.execute("BEGIN")
    if found is None:
        connection.execute(
            "INSERT INTO tree (inode, parent, version, writer, mtime, type, name, data) "
            "VALUES (?, ?, ?, 0, ?, ?, CAST(? AS TEXT), ?)",
            (inode, folder.inode, version, mtime, REGULAR, change.parts[-1], data),
        )
    else:
        connection.execute(
            "UPDATE tree SET version = ?, writer = 0, mtime = ?, data = ? WHERE inode = ?",
            (version, mtime, data, inode),
        )
    connection.execute(
        "UPDATE tree SET version = ?, writer = 0, mtime = ? WHERE inode = ?",
        (version, mtime, _ROOT),
    )
    connection.execute("COMMIT")
    return inode


def _require_only(before: bytes, after: bytes, shown: str, inode: int) -> None:
    """Every other row is what it was, and so is what the database consists of."""
    with _opened(before, shown) as old, _opened(after, shown) as new:
        if any(one != other for one, other in _pairs(old, new, inode)):
            raise Unreadable(f"{shown} does not keep what was not changed.", BACKUPS)


def _pairs(
    old: sqlite3.Connection, new: sqlite3.Connection, inode: int
) -> Iterator[tuple[Any, Any]]:
    for query, values in (
        ("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid", ()),
        (f"{_ROWS} WHERE inode NOT IN (0, ?) ORDER BY inode", (inode,)),
    ):
        rows = new.execute(query, values)
        for row in old.execute(query, values):
            yield row, rows.fetchone()
        yield None, rows.fetchone()
