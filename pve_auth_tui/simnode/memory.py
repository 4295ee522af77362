"""PVE's files as a mapping in memory: the tree of the demo and of tests."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pve_auth_tui.core.errors import Missing, Refused, Unreadable, Unwritable
from pve_auth_tui.simnode.disk import require_own

MARKER = ".pve-auth-tui-demo"
_MARKER_TEXT = b"A simulated cluster of pve-auth-tui. Nothing in here belongs to a real node.\n"


class MemoryTree:
    """A `core.ports.Tree` made of paths and bytes; folders exist through the files in them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self._folders: dict[str, set[str]] = {"": set()}
        for path in self._files:
            below = path
            while below:
                folder, _, name = below.rpartition("/")
                known = folder in self._folders
                self._folders.setdefault(folder, set()).add(name)
                below = "" if known else folder

    @property
    def source(self) -> str:
        return "demo"

    @property
    def paths(self) -> Sequence[str]:
        """All files, sorted."""
        return sorted(self._files)

    @property
    def files(self) -> Mapping[str, bytes]:
        """Path -> bytes of all of them."""
        return self._files

    def read(self, path: str) -> bytes:
        """The file's bytes; Missing when there is none, Unreadable for a folder."""
        try:
            return self._files[path]
        except KeyError:
            if path in self._folders:
                raise Unreadable(f"/{path} is a folder, not a file.") from None
            raise Missing(f"/{path} is not there.") from None

    def names(self, folder: str) -> Sequence[str]:
        """Sorted names in a folder; empty without it, Unreadable for a file."""
        if folder in self._files:
            raise Unreadable(f"/{folder} is a file, not a folder.")
        return sorted(self._folders.get(folder, ()))

    def with_files(self, files: Mapping[str, bytes]) -> MemoryTree:
        """The same tree with some files added or replaced."""
        return MemoryTree({**self._files, **files})

    def written_to(self, folder: Path) -> None:
        """Write the tree below a folder that is empty or does not exist yet.

        Folders get mode 0700, files 0600; nothing is overwritten and no link followed. A
        folder that holds an earlier demo stays as it is: its state goes on. Raises Refused
        when the folder holds something else or is not ours alone, Unwritable when it cannot be
        written.
        """
        try:
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            if self._may_fill(folder, top):
                for path in self.paths:
                    _write(top, path, self._files[path])
                _write(top, MARKER, _MARKER_TEXT)
        except OSError as error:
            raise _unwritable(folder, error) from error
        finally:
            os.close(top)

    def _may_fill(self, folder: Path, top: int) -> bool:
        """False when an earlier demo is there."""
        require_own(folder, top)
        held = os.listdir(top)
        if MARKER in held:
            return False
        if held:
            raise Refused(
                f"{folder} is not empty and holds no demo. Nothing was written.",
                "Name an empty folder, or one that does not exist yet.",
            )
        return True


def _write(top: int, path: str, data: bytes) -> None:
    *folders, name = path.split("/")
    here = os.dup(top)
    try:
        for part in folders:
            with suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=here)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            here, above = os.open(part, flags, dir_fd=here), here
            os.close(above)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(name, flags, 0o600, dir_fd=here), "wb") as file:
            file.write(data)
    finally:
        os.close(here)


def _unwritable(folder: Path, error: OSError) -> Unwritable:
    return Unwritable(
        f"{folder} cannot be written: {error.strerror}.",
        "Name an empty folder of your own, or one that does not exist yet.",
        str(error),
    )
