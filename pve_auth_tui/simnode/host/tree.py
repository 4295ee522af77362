"""The simulated operating system's files as a `core.ports.Tree`."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.simnode.host.files import HostFiles


class HostTree:
    """Paths below `/`, without the slash."""

    def __init__(self, files: HostFiles) -> None:
        self._files = files

    @property
    def source(self) -> str:
        return "files"

    def read(self, path: str) -> bytes:
        """Missing when there is none, Unreadable for a folder."""
        data = self._files.read(path)
        if data is None:
            if self._files.is_folder(path):
                raise Unreadable(f"/{path} is a folder, not a file.")
            raise Missing(f"/{path} is not there.")
        return data

    def names(self, folder: str) -> Sequence[str]:
        """Sorted; empty when there is none."""
        return self._files.names(folder)
