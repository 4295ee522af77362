"""A tree whose every answer comes within a bounded time, because a child does the reading.

When pmxcfs hangs after it took a request, whoever asked sleeps uninterruptibly. A thread is
not enough then: a process with such a thread cannot end, not even by SIGKILL, and the shell
waits for it as long as the mount hangs (both measured on a FUSE mount that never answers).
A child can be left behind: it holds nothing of ours, neither terminal nor files. While one still
sleeps in a mount, no other is sent there: whoever looks every few seconds would fill the machine.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final, Literal, cast

import pve_auth_tui
from pve_auth_tui.adapters.limits import PATH_BYTES
from pve_auth_tui.adapters.reader import (
    ANSWER,
    ASK,
    GOOD,
    LENGTH,
    MAY_WRITE,
    MISSING,
    NAMES,
    NONE,
    READ,
    READ_MANY,
    unpacked,
)
from pve_auth_tui.adapters.rootfs import PMXCFS
from pve_auth_tui.core.errors import Missing, Unreadable
from pve_auth_tui.environment import child_environment

_START: Final = (
    "import sys; sys.path.append(sys.argv[1]);"
    " from pve_auth_tui.adapters.reader import main; main()"
)
_SECONDS: Final = {"files": 5.0, "database": 10.0}
_SOURCES: Final = {"files": "files", "database": "config.db"}
_CHUNK: Final = 1024 * 1024
_BATCH: Final = 64  # files in one question, so that each has its own time
_PATIENCE: Final = 0.2  # seconds for a child to leave
_PVE: Final = "etc/pve"

_Place = tuple[Path, str, str]
"""Root, rung, and what below the root a question touches: all of /etc/pve is one mount."""


class BoundedTree:
    """A Tree. Thread-safe; the child starts with the first question.

    `rung`: `files` (a RootTree) or `database` (a DatabaseTree, told `reason`). After one
    question that was not answered within `seconds`, every other fails at once with the same
    sentence. `command` is what runs the child.
    """

    def __init__(
        self,
        root: Path,
        rung: Literal["files", "database"],
        reason: str = "",
        *,
        seconds: float | None = None,
        command: Sequence[str] = (),
    ) -> None:
        self._root = root
        self._rung = rung
        self._reason = reason
        self._seconds = _SECONDS[rung] if seconds is None else seconds
        self._command = command
        self._source = _SOURCES[rung]
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._given_up: tuple[str, str] | None = None

    @property
    def source(self) -> str:
        return self._source

    @property
    def has_given_up(self) -> bool:
        """Whether it will answer nothing any more."""
        return self._given_up is not None

    def read(self, path: str) -> bytes:
        """The file's bytes; raises Missing or Unreadable as `core.ports.Tree` says."""
        return self._ask(READ, path)

    def names(self, folder: str) -> Sequence[str]:
        """Sorted names in a folder, () when it is not there; raises Unreadable."""
        found = self._ask(NAMES, folder)
        return tuple(unpacked(found)) if found else ()

    def read_many(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The files that can be read (as `core.ports.BulkTree` says), in batches."""
        found: dict[str, bytes] = {}
        for start in range(0, len(paths), _BATCH):
            batch = paths[start : start + _BATCH]
            pieces = self._ask(READ_MANY, "\0".join(batch))
            at = 0
            for path in batch:
                (length,) = LENGTH.unpack_from(pieces, at)
                at += LENGTH.size
                if length != NONE:
                    found[path] = pieces[at : at + length]
                    at += length
        return found

    def owner_may_write(self, path: str) -> bool:
        """The owner's write bit, as `core.ports.LiveTree` says; a database raises Unreadable."""
        return bool(self._ask(MAY_WRITE, path))

    def _ask(self, what: bytes, path: str) -> bytes:
        question = path.encode("utf-8", "surrogatepass")
        if len(question) > _BATCH * PATH_BYTES:
            raise Unreadable(f"{path[:40]}... is not a path below the root.")
        shown = self._root / path.partition("\0")[0]
        hint = PMXCFS if path.startswith(_PVE) else "Is the disk or mount below it dead?"
        place = self._place(path)
        with self._lock:
            if self._given_up:
                raise Unreadable(*self._given_up)
            if _is_left_at(place):
                raise Unreadable(f"{shown} has not answered since it was asked before.", hint)
            until = time.monotonic() + self._seconds
            try:
                self._child = self._child or self._started()
                how, source, found = self._child.ask(what, question, until)
            except TimeoutError:
                late = f"{shown} did not answer within {self._seconds:g} seconds."
                raise self._giving_up(late, hint, place) from None
            except OSError as error:
                raise self._giving_up(
                    f"{shown} cannot be read: the reading process ended.",
                    "Is there enough memory? Start the program again.",
                    place,
                ) from error
            self._source = source or self._source
        if how == GOOD:
            return found
        raise (Missing if how == MISSING else Unreadable)(*unpacked(found))

    def _started(self) -> _Child:
        package = Path(pve_auth_tui.__file__).parent.parent
        child = _Child(
            self._command
            or (
                *(sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _START),
                *(str(package), self._rung, str(self._root.absolute()), self._reason),
            )
        )
        weakref.finalize(self, child.end).atexit = False
        return child

    def _place(self, path: str) -> _Place:
        """A database is one file; of several paths in one question any may be what hangs."""
        if self._rung == "database":
            return self._root, self._rung, ""
        return self._root, self._rung, _PVE if path.startswith(_PVE) else path

    def _giving_up(self, message: str, hint: str, place: _Place) -> Unreadable:
        self._given_up = message, hint
        if self._child is not None:
            self._child.kill(place)
        return Unreadable(message, hint)


class _Child:
    """The reading process, seen from our end. Raises OSError, TimeoutError among them."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (a list of ours, no shell)
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            cwd="/",
            umask=0o077,
            start_new_session=True,  # a ctrl+c is for us, not for it
        )
        self._to = cast(IO[bytes], self._process.stdin)
        self._from = cast(IO[bytes], self._process.stdout)
        os.set_blocking(self._to.fileno(), False)

    def ask(self, what: bytes, question: bytes, until: float) -> tuple[bytes, str, bytes]:
        """(how it went, source, payload); what they mean stands in `reader`."""
        self._send(ASK.pack(what, len(question)) + question, until)
        how, source, length = ANSWER.unpack(self._received(ANSWER.size, until))
        return how, self._received(source, until).decode(), self._received(length, until)

    def kill(self, place: _Place) -> None:
        """`place`: what it was asked last."""
        self._process.kill()
        self.end(place)

    def end(self, place: _Place | None = None) -> None:
        """Close our ends; a child that still listens leaves by itself then."""
        if self._to.closed:
            return
        self._to.close()
        self._from.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            _left_behind[self._process] = place

    def _send(self, data: bytes, until: float) -> None:
        while data:
            _wait(self._to, select.POLLOUT, until)
            data = data[os.write(self._to.fileno(), data) :]

    def _received(self, count: int, until: float) -> bytes:
        chunks: list[bytes] = []
        while count:
            _wait(self._from, select.POLLIN, until)
            chunk = os.read(self._from.fileno(), min(count, _CHUNK))
            if not chunk:
                raise BrokenPipeError
            chunks.append(chunk)
            count -= len(chunk)
        return b"".join(chunks)


# Children that not even SIGKILL could end, kept so that nobody waits for them; where they sleep.
_left_behind: dict[subprocess.Popen[bytes], _Place | None] = {}


def _is_left_at(place: _Place) -> bool:
    """Whether one still sleeps there; it ends when the mount answers, or is taken away."""
    for process, where in list(_left_behind.items()):
        if process.poll() is not None:
            _left_behind.pop(process, None)
        elif where == place:
            return True
    return False


def _wait(pipe: IO[bytes], event: int, until: float) -> None:
    ready = select.poll()
    ready.register(pipe, event)
    if not ready.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TimeoutError
