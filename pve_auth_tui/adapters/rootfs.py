"""Files below a root, read so that a hostile tree can neither lead out of it nor hang us (R10).

Links are resolved by hand, one part at a time: a relative link from where it lies, an
absolute one from the root of the tree (as chroot would), `..` up to the root and never above.
A live node needs that: /etc/pve/local is a link to nodes/<name>.

Imports little: a child starts with it before the first paint (`reader`).
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from pve_auth_tui.adapters.limits import (
    ENTRIES,
    FILE_BYTES,
    LINK_HOPS,
    PATH_BYTES,
    file_bytes,
    in_words,
)
from pve_auth_tui.core.errors import Missing, Unreadable

if TYPE_CHECKING:
    from pathlib import Path

_LOOK: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_ENTER: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_DIR: Final = stat.S_IFDIR
_TRIES: Final = 3
_CHUNK: Final = 256 * 1024

_LOOK_AT_IT: Final = "Look at it with `ls -l`."
_INSIDE: Final = "Links are followed only inside the tree."
AS_ROOT: Final = "Only root may read it: start the program as root, for example with sudo."
PMXCFS: Final = "See `systemctl status pve-cluster`."
_HINTS: Final = {
    errno.EACCES: AS_ROOT,
    errno.EPERM: AS_ROOT,
    errno.ENOTCONN: PMXCFS,
    errno.EIO: "The disk or mount below it is broken: see `dmesg`.",
}


class _Step(NamedTuple):
    """One part of the way that was walked: an O_PATH descriptor and its name."""

    fd: int
    name: str
    mode: int


class RootTree:
    """A Tree. Nothing is written, nothing outside `root` is opened, no device, FIFO or socket is.

    `root` itself may be a link: it is what the user asked for. Nothing is kept open between
    calls, so a file system that is mounted later is seen.
    """

    def __init__(self, root: Path | str) -> None:
        self._root = os.fspath(root)

    @property
    def source(self) -> str:
        return "files"

    def read(self, path: str) -> bytes:
        """The file's bytes; raises Missing or Unreadable as `core.ports.Tree` says."""
        limit = file_bytes(path)
        for _ in range(_TRIES):
            with self.opened(path) as fd:
                before = os.fstat(fd)
                data = self.slurp(fd, path, limit)
                after = os.fstat(fd)
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                return data
        raise Unreadable(
            f"{self.shown(path)} changes while it is read.", "Read it again when it is at rest."
        )

    def names(self, folder: str) -> Sequence[str]:
        """Sorted names in a folder, () when it is not there; raises Unreadable."""
        try:
            with self._telling(folder), self._walked(folder) as (where, step):
                if not stat.S_ISDIR(step.mode):
                    raise Unreadable(f"{self.shown(folder)} is not a folder.", _LOOK_AT_IT)
                fd = os.open(step.name, _OPEN | os.O_DIRECTORY, dir_fd=where)
                try:
                    with os.scandir(fd) as entries:
                        found = [entry.name for entry in islice(entries, ENTRIES + 1)]
                finally:
                    os.close(fd)
        except Missing:
            return ()
        if len(found) > ENTRIES:
            raise Unreadable(
                f"{self.shown(folder)} holds more than {ENTRIES} files.",
                "PVE never has that many. Is it the right folder?",
            )
        return sorted(found)

    def owner_may_write(self, path: str) -> bool:
        """The owner's write bit, as `core.ports.LiveTree` says."""
        folder, _, name = path.rpartition("/")
        with self._telling(path), self._walked(folder) as (_, step):
            mode = os.stat(name, dir_fd=step.fd, follow_symlinks=False).st_mode
        return bool(mode & stat.S_IWUSR)

    def require(self) -> None:
        """Raises Unreadable when the root itself is no folder that we may enter."""
        try:
            with self._telling(""):
                os.close(os.open(self._root, _ENTER))
        except Missing as error:
            raise Unreadable(f"There is no folder {self._root}.", "Is the disk mounted?") from error

    def shown(self, path: str) -> str:
        """The path as the user knows it, below the root."""
        return os.path.join(self._root, path) if path else self._root

    @contextmanager
    def opened(self, path: str) -> Iterator[int]:
        """A regular file, open for reading while the block lasts. Raises as `read` does."""
        with self._telling(path), ExitStack() as stack:
            where, step = stack.enter_context(self._walked(path))
            if not stat.S_ISREG(step.mode):
                raise Unreadable(
                    f"{self.shown(path)} is {_kind(step.mode)}, not a file.", _LOOK_AT_IT
                )
            fd = os.open(step.name, _OPEN, dir_fd=where)
            stack.callback(os.close, fd)
            # Between the look and the opening the name may have been given to something else.
            if not os.path.samestat(os.fstat(fd), os.fstat(step.fd)):
                raise Unreadable(f"{self.shown(path)} was exchanged while it was read.")
            yield fd

    def slurp(self, fd: int, path: str, limit: int = FILE_BYTES) -> bytes:
        """All bytes of an open file; Unreadable above `limit`, also when it grows meanwhile."""
        chunks: list[bytes] = []
        room = limit - os.fstat(fd).st_size
        left = limit + 1
        while room >= 0 and left > 0:
            chunk = os.read(fd, min(left, _CHUNK))
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
            left -= len(chunk)
        raise Unreadable(
            f"{self.shown(path)} is larger than {in_words(limit)}.",
            "PVE's own files are smaller. Look at what it is before you trust it.",
        )

    @contextmanager
    def _walked(self, path: str) -> Iterator[tuple[int, _Step]]:
        """(descriptor of the folder it lies in, the thing itself), links resolved."""
        steps = [_Step(os.open(self._root, _ENTER), ".", _DIR)]
        try:
            self._walk(path, steps)
            yield steps[-2 if len(steps) > 1 else -1].fd, steps[-1]
        finally:
            for step in steps:
                os.close(step.fd)

    def _walk(self, path: str, steps: list[_Step]) -> None:
        todo = deque(self._parts(path))
        hops = 0
        while todo:
            part = todo.popleft()
            if part in {"", "."}:
                continue
            if part == "..":
                if len(steps) == 1:
                    raise Unreadable(
                        f"{self.shown(path)} is a link that leads out of {self._root}.",
                        _INSIDE,
                    )
                os.close(steps.pop().fd)
                continue
            try:
                fd = os.open(part, _LOOK, dir_fd=steps[-1].fd)
            except FileNotFoundError as error:
                if not hops:
                    raise
                # Not "not there": that would mean that nothing is configured.
                raise Unreadable(
                    f"{self.shown(path)} is a link to something that is not below {self._root}.",
                    _INSIDE,
                ) from error
            steps.append(_Step(fd, part, os.fstat(fd).st_mode))
            if not stat.S_ISLNK(steps[-1].mode):
                continue
            hops += 1
            if hops > LINK_HOPS:
                raise Unreadable(f"{self.shown(path)} leads round in links.", _LOOK_AT_IT)
            target = os.readlink("", dir_fd=fd)
            keep = 1 if target.startswith("/") else len(steps) - 1
            while len(steps) > keep:
                os.close(steps.pop().fd)
            todo.extendleft(reversed(target.split("/")))

    def _parts(self, path: str) -> list[str]:
        parts = path.split("/")
        try:
            length = len(os.fsencode(path))
        except UnicodeEncodeError:
            length = PATH_BYTES + 1
        if {"", ".", ".."} & set(parts) or "\0" in path or length > PATH_BYTES:
            raise Unreadable(f"{self.shown(path)} is not a path below the root.", _LOOK_AT_IT)
        return parts

    @contextmanager
    def _telling(self, path: str) -> Iterator[None]:
        """Errors of the system in our words."""
        try:
            yield
        except FileNotFoundError as error:
            raise Missing(f"{self.shown(path)} is not there.", original=str(error)) from error
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else type(error).__name__
            raise Unreadable(
                f"{self.shown(path)} cannot be read: {why}.",
                _HINTS.get(error.errno or 0, _LOOK_AT_IT),
                str(error),
            ) from error


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")
