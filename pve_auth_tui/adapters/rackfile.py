"""The unfinished rack, kept beside the journal: a 0600 file without secrets. `core.ports.Racks`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.privatefile import private, read_file, replace_file
from pve_auth_tui.core.errors import Missing, Unreadable, Unwritable
from pve_auth_tui.core.plain import file_part
from pve_auth_tui.core.rack import Rack
from pve_auth_tui.core.rackjson import MOST_BYTES, from_json, to_json

FOLDER: Final = "rack"
_FILE: Final = "unfinished.json"


class FileRacks:
    """Of this user on this computer. `folder` is our own; `place` names another cluster (`--host`),
    whose rack stands apart.
    """

    def __init__(self, folder: Path, *, place: str = "") -> None:
        self._folder = folder / FOLDER
        self._file = f"{file_part(place)}.{_FILE}" if place else _FILE

    def load(self) -> Rack | None:
        """The unfinished one, if any. Raises Unreadable."""
        if not self._folder.exists():
            return None
        try:
            with private(self._folder) as folder:
                text = read_file(folder, self._file, MOST_BYTES).decode()
        except Missing:
            return None
        except Unwritable as error:
            raise Unreadable(str(error), error.hint, error.original) from error
        except UnicodeDecodeError:
            text = ""
        return from_json(text)

    def save(self, rack: Rack) -> None:
        """Note how it stands. Raises Unwritable, also for what `load` would not read: the ids of
        entries are PVE's.
        """
        text = to_json(rack)
        try:
            from_json(text)
        except Unreadable as error:
            raise Unwritable("The rack cannot be noted as it stands now.", error.hint) from error
        with private(self._folder) as folder:
            replace_file(folder, self._file, text.encode())

    def drop(self) -> None:
        """Forget it. Raises Unwritable."""
        if not self._folder.exists():
            return
        with private(self._folder) as folder, suppress(FileNotFoundError):
            os.unlink(self._file, dir_fd=folder)


class MemoryRacks:
    """As long as the program runs: for the demo."""

    def __init__(self, rack: Rack | None = None) -> None:
        self._rack = rack

    def load(self) -> Rack | None:
        """The unfinished one, if any."""
        return self._rack

    def save(self, rack: Rack) -> None:
        """Note how it stands."""
        self._rack = rack

    def drop(self) -> None:
        """Forget it."""
        self._rack = None
