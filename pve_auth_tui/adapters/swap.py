"""One of PVE's files replaced as a whole, for an emergency in which no service can do it.

Only a few files may be, each by its own name, and only while what lies there is what was looked
at. No link is followed. The new bytes are whole under their name or not there at all.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.limits import file_bytes
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable
from pve_auth_tui.core.plan import FileSwap

BELOW: Final = "/etc/pve"
ALLOWED: Final = frozenset(
    {"user.cfg", "domains.cfg", "datacenter.cfg", "priv/tfa.cfg", "priv/shadow.cfg"}
)
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_HINT: Final = "Is /etc/pve mounted and writable? See: systemctl status pve-cluster; pvecm status."


class FileSwaps:
    """`root` is the system's; tests give a folder of their own."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def swap(self, step: FileSwap) -> None:
        """Put the new content in place. Raises Refused when something else lies there by now, or
        the file is none of those; Unreadable and Unwritable, after which the old one is there.
        """
        name = self._name(step.path)
        folder_name, _, file_name = name.rpartition("/")
        data = step.content.reveal().encode("latin-1")
        with self._folder(folder_name) as folder:
            before = _bytes(folder, file_name, step.path)
            found = "" if before is None else hashlib.sha256(before).hexdigest()
            if found != step.expected:
                raise Refused(
                    f"{step.path} is not what was looked at any more, so it was left as it is.",
                    "Read it again and look whether the change is still wanted.",
                )
            try:
                _replace(folder, file_name, data)
            except OSError as error:
                raise Unwritable(f"{step.path}: {error.strerror}.", _HINT, str(error)) from error
            if _bytes(folder, file_name, step.path) != data:
                raise Unwritable(
                    f"{step.path} does not hold what was written to it.",
                    "Look at it, and at who else writes to it.",
                )

    def _name(self, path: str) -> str:
        """The name below /etc/pve."""
        name = path.removeprefix(f"{BELOW}/")
        if name == path or name not in ALLOWED:
            raise Refused(f"{path} is no file that this program replaces.")
        return name

    @contextmanager
    def _folder(self, below: str) -> Iterator[int]:
        """The folder's descriptor; every part of the way from `root` is a folder and no link."""
        opened: list[int] = []
        shown = self._root
        try:
            opened.append(os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for part in (*BELOW.strip("/").split("/"), *filter(None, [below])):
                shown = shown / part
                opened.append(os.open(part, _FOLDER, dir_fd=opened[-1]))
        except OSError as error:
            for fd in opened:
                os.close(fd)
            raise Unwritable(f"{shown}: {error.strerror}.", _HINT, str(error)) from error
        try:
            yield opened[-1]
        finally:
            for fd in opened:
                os.close(fd)


def _bytes(folder: int, name: str, path: str) -> bytes | None:
    """The file's; None when there is none. Raises Unreadable."""
    most = file_bytes(path.strip("/"))
    try:
        handle = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}.", _HINT, str(error)) from error
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable(f"{path} is not a regular file, so it was left as it is.")
        data = file.read(most + 1)
    if len(data) > most:
        raise Unreadable(f"{path} is too large, so it was left as it is.")
    return data


def _replace(folder: int, name: str, data: bytes) -> None:
    """Raises OSError; then the old file is still there."""
    new = f".{name}.{secrets.token_hex(8)}"
    handle = os.open(new, _WRITE, 0o600, dir_fd=folder)
    try:
        with open(handle, "wb") as file:
            _as_before(folder, name, handle)
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)
        raise
    os.fsync(folder)


def _as_before(folder: int, name: str, handle: int) -> None:
    """Owner and mode of the file that is replaced; pmxcfs gives both by itself and takes none."""
    try:
        old = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    new = os.fstat(handle)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(handle, old.st_uid, old.st_gid)
    if stat.S_IMODE(old.st_mode) != stat.S_IMODE(new.st_mode):
        os.fchmod(handle, stat.S_IMODE(old.st_mode))
