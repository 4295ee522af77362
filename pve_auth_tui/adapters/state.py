"""The folder of our own: saved lists, for this user alone. A Shelf."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pve_auth_tui.adapters.privatefile import new_file, private


class StateFolder:
    """Files are created anew, never followed or overwritten, mode 0600 in a 0700 folder (R13b)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, name: str, text: str) -> Path:
        """Write `text` to a new file; raises Unwritable."""
        now = datetime.now(UTC)
        path = self._folder / f"{now:%Y-%m-%dT%H%M%S}-{now.microsecond:06d}-{name}"
        with private(self._folder) as folder:
            new_file(folder, path.name, text.encode())
        return path
