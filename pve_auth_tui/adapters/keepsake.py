"""A sheet of recovery keys as a file, only where its owner asked for it (fido.md 6, R13b)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from pve_auth_tui.adapters import mounts
from pve_auth_tui.adapters.mounts import Mount, mount_of
from pve_auth_tui.adapters.privatefile import new_file
from pve_auth_tui.core.errors import Refused, Unwritable, UsageError
from pve_auth_tui.core.secret import Secret

NEVER: Final = tuple(
    map(Path, ("/etc/pve", "/tmp", "/var/tmp", "/dev", "/run/lock", "/proc", "/sys"))  # noqa: S108
)
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ELSEWHERE: Final = (
    "Memory: mkdir -m 700 /run/keys, then save to /run/keys/FILE. Or a stick that is mounted."
)


class Kept(NamedTuple):
    """Where the sheet is, and what to know about that place: sentences."""

    path: Path
    remarks: tuple[str, ...]


class Keepsake:
    """`mount` tells what an open folder lies on; below `never` nothing is kept."""

    def __init__(
        self, mount: Callable[[int], Mount] = mount_of, never: Sequence[Path] = NEVER
    ) -> None:
        self._mount = mount
        self._never = never

    def remarks(self, path: Path) -> tuple[str, ...]:
        """What to know about a place before keys are made for it: sentences.

        Raises what `save` raises, so that no keys are made that cannot be kept.
        """
        with self._folder(path) as (folder, about):
            try:
                os.stat(path.name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return about
            raise _exists(path)

    def save(self, path: Path, sheet: Secret) -> Kept:
        """Make a new file, mode 0600, that nobody else can read.

        `path` is absolute; its folder is there already. Raises UsageError for a path that names
        no file, Refused for a folder that is no place for secrets, Unwritable.
        """
        with self._folder(path) as (folder, about):
            try:
                new_file(folder, path.name, sheet.reveal().encode())
            except FileExistsError:
                raise _exists(path) from None
        return Kept(path, about)

    @contextmanager
    def _folder(self, path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The folder, open and checked by what was opened; an OSError becomes Unwritable."""
        if not path.is_absolute() or path.name in {"", ".."}:
            raise UsageError("Give the whole path of a file: /root/keys.txt.", "Nothing was done.")
        real = Path(os.path.realpath(path.parent))
        if any(real.is_relative_to(place) for place in self._never):
            raise _refused(f"{real} is no place for secrets.")
        try:
            folder = _opened(real)
            try:
                yield folder, self._checked(real, folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Unwritable(
                f"{path}: {error.strerror}.", "The folder has to be there already.", str(error)
            ) from error

    def _checked(self, real: Path, folder: int) -> tuple[str, ...]:
        state, mount = os.fstat(folder), self._mount(folder)
        if mount.type in mounts.WITHOUT_MODES:
            if not mount.removable:
                raise _refused(f"{real} has no modes ({mount.type}), and is no removable stick.")
        elif mount.type not in mounts.WITH_MODES:
            raise _refused(f"{real} may be on another machine ({mount.type}).")
        elif stat.S_IMODE(state.st_mode) & 0o077:
            raise _refused(f"{real} can be used by others: a folder of mode 0700 is needed.")
        if state.st_uid != os.geteuid():
            raise _refused(f"{real} belongs to somebody else.")
        return tuple(_remarks(mount))


def _opened(real: Path) -> int:
    """The folder, reached through no link: one that was put there meanwhile is an OSError."""
    folder = os.open("/", _FOLDER)
    for part in real.parts[1:]:
        try:
            inner = os.open(part, _FOLDER, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def _remarks(mount: Mount) -> Iterator[str]:
    if mount.type in mounts.IN_MEMORY:
        yield "It lies in memory: copy it, a restart of this node removes it."
        if mount.swaps:
            yield "Swap is on, so it may reach a disk: mount a tmpfs with noswap to avoid that."
    elif mount.removable:
        yield "It lies on a removable stick: take it out, and lock it away."
        if mount.type in mounts.WITHOUT_MODES:
            yield f"Modes do not exist there ({mount.type}): whoever has the stick can read it."
    else:
        yield "It lies on a disk of this node: backups and snapshots of it hold the keys, too."


def _exists(path: Path) -> Unwritable:
    return Unwritable(f"{path} exists already; it was left as it is.", "Give another name.")


def _refused(sentence: str) -> Refused:
    return Refused(f"{sentence} Nothing was written.", _ELSEWHERE)
