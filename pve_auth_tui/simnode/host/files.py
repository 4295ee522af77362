"""The files of the simulated operating system: bytes on the node's Disk, modes beside them.

Folders exist through what is in them or because somebody made them. What Debian ships and nobody
reads here (programs, PAM modules) is only there: it has no bytes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pve_auth_tui.core.errors import Unwritable
from pve_auth_tui.core.host.ports import Look
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults

_MODES: Final = {
    "etc/shadow": 0o640,
    "etc/krb5.keytab": 0o600,
    "etc/sssd/sssd.conf": 0o640,
}
_SHIPPED: Final = b"\x7fELF"


class HostFiles:
    """Paths are absolute or not: `/etc/hosts` and `etc/hosts` are the same file.

    `shipped(path)`: whether a package put a program or a module there.
    """

    def __init__(self, disk: Disk, faults: Faults, shipped: Callable[[str], bool]) -> None:
        self.disk = disk
        self._faults = faults
        self._shipped = shipped
        self._modes: dict[str, int] = {}
        self._folders: dict[str, int] = {}

    def read(self, path: str) -> bytes | None:
        name = path.strip("/")
        data = self.disk.read(name)
        return _SHIPPED if data is None and self._shipped(name) else data

    def text(self, path: str) -> str:
        """ "" for no file."""
        return (self.disk.read(path.strip("/")) or b"").decode(errors="replace")

    def write(self, path: str, data: bytes | str, mode: int | None = None) -> None:
        """Raises Unwritable."""
        name = path.strip("/")
        if self._faults.disk_full:
            raise Unwritable(f"/{name} cannot be written: No space left on device.")
        if self.is_folder(name):
            raise Unwritable(f"/{name} cannot be written: Is a directory.")
        if mode is not None:
            self._modes[name] = mode
        self.disk.write(name, data.encode() if isinstance(data, str) else data)

    def remove(self, path: str) -> None:
        name = path.strip("/")
        self.disk.remove(name)
        self._modes.pop(name, None)
        self._folders.pop(name, None)

    def make_folder(self, path: str, mode: int = 0o755) -> None:
        parts = path.strip("/").split("/")
        for end in range(1, len(parts)):
            self._folders.setdefault("/".join(parts[:end]), 0o755)
        self._folders[path.strip("/")] = mode

    def mode(self, path: str) -> int:
        name = path.strip("/")
        return self._modes.get(name, _MODES.get(name, 0o644))

    def is_folder(self, path: str) -> bool:
        name = path.strip("/")
        if not name or name in self._folders:
            return True
        return self.disk.read(name) is None and bool(self.disk.names(name))

    def names(self, folder: str) -> list[str]:
        name = folder.strip("/")
        made = {
            path[len(name) :].strip("/").partition("/")[0]
            for path in self._folders
            if not name or path.startswith(f"{name}/")
        }
        return sorted({*self.disk.names(name), *filter(None, made)})

    def below(self, path: str) -> Iterator[str]:
        """The file itself, or all files of a folder."""
        name = path.strip("/")
        if self.disk.read(name) is not None:
            yield name
        else:
            for each in self.names(name):
                yield from self.below(f"{name}/{each}")

    def look(self, path: str) -> Look | None:
        name = path.strip("/")
        data = self.disk.read(name)
        if data is not None:
            return Look("file", self.mode(name), 0, len(data))
        if self.is_folder(name):
            return Look("folder", self._folders.get(name, 0o755), 0, 4096)
        if self._shipped(name):
            return Look("file", 0o755 if "bin/" in name else 0o644, 0, 4096)
        return None
