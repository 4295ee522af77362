"""The table of pmxcfs in an SQLite database that may have been made to harm us (R11)."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.adapters.dbcopy import BACKUPS
from pve_auth_tui.adapters.limits import ENTRIES, MIB
from pve_auth_tui.core.errors import Unreadable

FOLDER: Final = 4  # DT_DIR of dirent.h, as pmxcfs stores it
REGULAR: Final = 8  # DT_REG

_ROOT: Final = 0
_ROOT_NAME: Final = b"__version__"
_COLUMNS: Final = tuple(
    (name, 0)  # 0: neither hidden nor generated
    for name in ("inode", "parent", "version", "writer", "mtime", "type", "name", "data")
)
_SECONDS: Final = 5.0
_STEPS: Final = 1_000  # of SQLite's machine between two looks at the clock
_ROW_BYTES: Final = 16 * MIB
_NAME_BYTES: Final = 255
_DEPTH: Final = 64
# The length of a blob is known without reading it; that of a text would count characters
# (an admin's own UPDATE stores text, and pmxcfs takes it).
_ALL: Final = """
    SELECT inode, parent, type, typeof(name), CAST(name AS BLOB), typeof(data),
        CASE typeof(data) WHEN 'text' THEN length(CAST(data AS BLOB)) ELSE length(data) END
    FROM tree
"""
_REFUSED: Final = f"pmxcfs would refuse it, too. {BACKUPS}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: `kind` is FOLDER or REGULAR, `size` bytes of content."""

    inode: int
    parent: int
    kind: int
    name: bytes
    size: int


class PmxcfsDatabase:
    """`image` is a whole database; `shown` its name for the user.

    Everything but the contents of files is read and checked here, with the rules by which
    pmxcfs itself loads it (database.c, bdb_backend_load_index), and no cycles.
    Raises Unreadable; so do the methods.
    """

    def __init__(self, image: bytes, shown: str) -> None:
        self._shown = shown
        # The tree's lock lets one thread in at a time, not always the same one.
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _ROW_BYTES)
        with self._guarded():
            self._connection.deserialize(image)
            for setting in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
                self._connection.execute(f"PRAGMA {setting}")
            self._require_table()
            self._entries = self._checked(self._rows())
        self._names: dict[int, list[bytes]] = defaultdict(list)
        for folder, name in sorted(self._entries):
            self._names[folder].append(name)

    def find(self, parts: Sequence[bytes]) -> Entry | None:
        """The entry below /etc/pve that `parts` lead to; no parts: /etc/pve itself."""
        entry: Entry | None = Entry(_ROOT, _ROOT, FOLDER, b"", 0)
        for part in parts:
            if entry is None or entry.kind != FOLDER:
                return None
            entry = self._entries.get((entry.inode, part))
        return entry

    def names(self, folder: Entry) -> Sequence[bytes]:
        """The names in a folder, sorted."""
        return self._names.get(folder.inode, ())

    def content(self, file: Entry) -> bytes:
        """What a regular file holds."""
        with self._guarded():
            row = self._connection.execute(
                "SELECT CAST(data AS BLOB) FROM tree WHERE inode = ?", (file.inode,)
            ).fetchone()
        if row is None:  # its pages are not in order: a scan meets the row, a search does not
            raise self._damaged(f"entry {file.inode} is not where it should be")
        return bytes(row[0] or b"")

    def _require_table(self) -> None:
        """A view or a virtual table could go on for ever, a generated column compute anything."""
        found = self._connection.execute(
            "SELECT type, rootpage FROM sqlite_master WHERE lower(name) = 'tree'"
        ).fetchall()
        if not found:
            raise Unreadable(f"{self._shown} has no table `tree`: it is not pmxcfs's.", BACKUPS)
        columns = self._connection.execute("PRAGMA table_xinfo(tree)").fetchall()
        plain = len(found) == 1 and found[0][0] == "table" and found[0][1]
        if not plain or tuple((name, hidden) for _, name, *_, hidden in columns) != _COLUMNS:
            raise self._damaged("its `tree` is not the table that pmxcfs makes")

    def _rows(self) -> Iterator[Entry]:
        rows = self._connection.execute(_ALL)
        for count, (inode, parent, kind, name_type, name, data_type, size) in enumerate(rows):
            if count > ENTRIES:
                raise self._damaged(f"it has more than {ENTRIES} entries")
            if not all(isinstance(number, int) for number in (inode, parent, kind)):
                raise self._damaged(f"entry {inode!r} has numbers of another type")
            if name_type != "text" or not 0 < len(name) <= _NAME_BYTES:
                raise self._damaged(f"entry {inode} has no proper name")
            if b"/" in name or b"\0" in name or name in {b".", b".."}:
                raise self._damaged(f"entry {inode} has a name that no file can have")
            if kind not in {FOLDER, REGULAR}:
                raise self._damaged(f"entry {inode} is neither a file nor a folder")
            if data_type not in {"blob", "text", "null"} or (kind == FOLDER and size):
                raise self._damaged(f"entry {inode} has content of the wrong type")
            yield Entry(inode, parent, kind, name, size or 0)

    def _checked(self, rows: Iterator[Entry]) -> Mapping[tuple[int, bytes], Entry]:
        entries: dict[tuple[int, bytes], Entry] = {}
        folders: dict[int, int] = {}
        for entry in rows:
            if entry.inode == _ROOT:
                if entry.name != _ROOT_NAME:
                    raise self._damaged("its root has another name than `__version__`")
                continue
            if (entry.parent, entry.name) in entries:
                name = entry.name.decode(errors="replace")
                raise self._damaged(f"it has two entries named {name} in one folder")
            entries[entry.parent, entry.name] = entry
            if entry.kind == FOLDER:
                folders[entry.inode] = entry.parent
        self._require_rooted(folders, {parent for parent, _ in entries})
        return entries

    def _require_rooted(self, folders: Mapping[int, int], parents: set[int]) -> None:
        """Every parent is a folder, and from every folder the way up ends at the root."""
        if astray := (parents | set(folders.values())) - set(folders) - {_ROOT}:
            raise self._damaged(f"it has entries in a folder {min(astray)} that is not there")
        depth = {_ROOT: 0}
        for start in folders:
            way: list[int] = []
            at = start
            while at not in depth and len(way) <= _DEPTH:
                way.append(at)
                at = folders[at]
            if depth.get(at, 0) + len(way) > _DEPTH:
                raise self._damaged("its folders lie inside each other without end")
            for folder in reversed(way):
                depth[folder] = depth[folders[folder]] + 1

    def _damaged(self, what: str) -> Unreadable:
        return Unreadable(f"{self._shown} cannot be used: {what}.", _REFUSED)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """SQLite's errors in our words, and an end to whatever it was made to do."""
        until = time.monotonic() + _SECONDS
        self._connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        try:
            yield
        except (sqlite3.Error, MemoryError, UnicodeDecodeError) as error:  # names of its schema
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise self._damaged(f"reading it took longer than {_SECONDS:.0f} s") from error
            raise Unreadable(f"{self._shown} is damaged: {error}.", _REFUSED, str(error)) from error
