"""The database rung: /etc/pve as config.db has it, for a node where pmxcfs is not mounted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.dbcopy import FILE, copied, marked
from pve_auth_tui.adapters.limits import file_bytes, in_words
from pve_auth_tui.adapters.pmxcfsdb import FOLDER, REGULAR, Entry, PmxcfsDatabase
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.core.errors import Missing, Unreadable

# Made by the running pmxcfs for the reader; no row of the database holds them.
LIVE: Final = frozenset({".members", ".vmlist", ".version", ".rrd", ".clusterlog"})
_FOLDER: Final = ("etc", "pve")


class DatabaseTree:
    """A Tree: etc/pve from config.db, all else from the files below `root`.

    `reason` says why /etc/pve itself is not read; it is told for what only the running
    pmxcfs knows (`.members`). A database that was changed is read again.
    Raises Missing or Unreadable at once when there is no database that can be used.
    """

    def __init__(self, root: Path | str, reason: str = "") -> None:
        self._files = RootTree(root)
        self._reason = reason
        self._load()

    @property
    def source(self) -> str:
        return "config.db" if self._with_log else "config.db without its -wal"

    def read(self, path: str) -> bytes:
        """The file's bytes; raises Missing or Unreadable as `core.ports.Tree` says."""
        parts = path.split("/")
        if tuple(parts[:2]) != _FOLDER:
            return self._files.read(path)
        if len(parts) == 3 and parts[2] in LIVE:
            raise Unreadable(
                self._reason or "config.db does not hold what the running nodes know.",
                "On the node: `systemctl status pve-cluster`.",
            )
        entry = self._find(parts)
        if entry is None:
            raise Missing(f"{path} is not in config.db.")
        if entry.kind != REGULAR:
            raise Unreadable(f"{path} is a folder in config.db, not a file.")
        limit = file_bytes(path)
        if entry.size > limit:
            raise Unreadable(
                f"{path} in config.db is larger than {in_words(limit)}.",
                "PVE's own files are smaller.",
            )
        return self._database.content(entry)

    def names(self, folder: str) -> Sequence[str]:
        """Sorted names in a folder, () when it is not there; raises Unreadable."""
        parts = folder.split("/")
        if tuple(parts[:2]) != _FOLDER:
            return self._files.names(folder)
        entry = self._find(parts)
        if entry is None:
            return ()
        if entry.kind != FOLDER:
            raise Unreadable(f"{folder} is a file in config.db, not a folder.")
        return sorted(os.fsdecode(name) for name in self._database.names(entry))

    def _find(self, parts: Sequence[str]) -> Entry | None:
        if marked(self._files) != self._mark:
            self._load()
        try:
            return self._database.find([os.fsencode(part) for part in parts[2:]])
        except UnicodeEncodeError:
            return None

    def _load(self) -> None:
        copy = copied(self._files)
        self._database = PmxcfsDatabase(copy.image, self._files.shown(FILE))
        self._with_log = copy.with_log
        self._mark = copy.mark
