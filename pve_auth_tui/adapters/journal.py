"""The journal: a file that only grows, syslog, and the cluster's log (security.md R16, R17).

`<own folder>/journal/journal.jsonl`, mode 0600 in 0700. Every write opens it anew, checks what
it opened, holds a lock while it looks where the chain goes on, and is back only when the line is
on the disk: so two programs make one chain, and whatever ends us leaves whole lines, or half a
line that the next one tells of.
"""

from __future__ import annotations

import fcntl
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

from pve_auth_tui.adapters.privatefile import HINT, private, private_folder, require_own_file
from pve_auth_tui.core.errors import AuthTuiError, Unreachable, Unreadable, Unwritable
from pve_auth_tui.core.journal import (
    MOST_LINE,
    Entry,
    Kept,
    Tip,
    Who,
    Written,
    half_of,
    link_of,
    next_line,
    tip_of,
    told,
    told_alone,
)
from pve_auth_tui.core.journalcheck import Verdict, verify
from pve_auth_tui.core.ports import Clock, ClusterLog

FILE: Final = "journal.jsonl"
MOST_BYTES: Final = 64 * 1024 * 1024  # more than 100,000 entries
_TAIL: Final = 4 * MOST_LINE
_FLAGS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SECONDS: Final = 5.0  # for another program to let go of the file
_POLL: Final = 0.01
_FEW_STEPS: Final = 10
_QUIET: Final = 60.0  # seconds without the cluster's log once it gave no answer
_NO_LOG: Final = "PVE's own modules write it, and they are not in use."


class Sender(Protocol):
    """Where a line goes that proves the file: `adapters.syslog.Syslog`."""

    def send(self, text: str, now: float) -> None:
        """Raises Unwritable."""


class _Journal(ABC):
    """What every journal does with an entry; where the chain lies is its own."""

    _place: str

    def __init__(
        self,
        who: Who,
        clock: Clock,
        *,
        syslog: Sender | None = None,
        cluster: Callable[[], object] | None = None,
    ) -> None:
        self._who = who
        self._clock = clock
        self._syslog = syslog
        self._cluster = cluster
        self._quiet_until = 0.0
        self._writing = Lock()

    def write(self, entry: Entry) -> Kept:
        """As the port says. syslog and the cluster's log get the hash of the line (R17)."""
        with self._writing:
            return self._write(entry, self._clock.now())

    def read(self) -> Sequence[Written]:
        """As the port says; lines that are no entry are left out, `verify` tells of them."""
        return tuple(link.written for line in self._lines() if (link := link_of(line)))

    def verify(self, head: str = "") -> Verdict:
        """As the port says."""
        return verify(self._lines(), head)

    def _write(self, entry: Entry, now: float) -> Kept:
        places: list[str] = []
        problems: list[str] = []
        written: Written | None = None
        try:
            written = self._append(entry, now)
            text = told(written)
            places.append(self._place)
        except Unwritable as error:
            text = told_alone(entry, self._who, str(error))
            problems.append(f"Not in the journal's file: {error}")
        if self._syslog:
            try:
                self._syslog.send(text, now)
                places.append("syslog")
            except Unwritable as error:
                problems.append(f"Not in syslog: {error}")
        if not places:
            raise Unwritable(" ".join(problems), f"Nothing is changed without a journal. {HINT}")
        if self._cluster and _for_the_cluster(entry):
            if problem := self._tell_cluster(self._cluster(), text):
                problems.append(f"Not in the cluster's log: {problem}")
            else:
                places.append("cluster log")
        return Kept(tuple(places), tuple(problems), written)

    def _tell_cluster(self, way: object, text: str) -> str:
        """Why it did not take the line; "" when it did."""
        if not isinstance(way, ClusterLog):
            return _NO_LOG
        if time.monotonic() < self._quiet_until:
            return "It gave no answer a moment ago."
        try:
            way.log_message(text)
        except AuthTuiError as error:
            if isinstance(error, Unreachable):
                self._quiet_until = time.monotonic() + _QUIET
            return str(error)
        return ""

    @abstractmethod
    def _append(self, entry: Entry, now: float) -> Written:
        """Put it behind the last one. Raises Unwritable."""

    @abstractmethod
    def _lines(self) -> Sequence[bytes]:
        """All lines. Raises Unreadable."""


class MemoryJournal(_Journal):
    """For the demo: gone when the program ends."""

    _place = "memory"

    def __init__(
        self, who: Who, clock: Clock, *, cluster: Callable[[], object] | None = None
    ) -> None:
        super().__init__(who, clock, cluster=cluster)
        self._held: list[bytes] = []

    def _append(self, entry: Entry, now: float) -> Written:
        written, line = next_line(entry, self._who, now, tip_of(self._held) or Tip())
        self._held.append(line.rstrip(b"\n"))
        return written

    def _lines(self) -> list[bytes]:
        return list(self._held)


class FileJournal(_Journal):
    """`folder` is its own, made when the first entry comes. `cluster()` gives the way to PVE in
    use, which may be a `core.ports.ClusterLog`. `seconds`: how long another program may hold the
    file.
    """

    _place = "file"

    def __init__(
        self,
        folder: Path,
        who: Who,
        clock: Clock,
        *,
        syslog: Sender | None = None,
        cluster: Callable[[], object] | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        super().__init__(who, clock, syslog=syslog, cluster=cluster)
        self._folder = folder
        self._seconds = seconds

    def _append(self, entry: Entry, now: float) -> Written:
        try:
            with (
                private(self._folder) as folder,
                self._locked(folder, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file,
            ):
                size = os.fstat(file).st_size
                if size > MOST_BYTES:
                    raise Unwritable(f"{self._folder / FILE} is full: keep a copy and remove it.")
                if not size:
                    os.fsync(folder)
                written, line = next_line(entry, self._who, now, _tip(file, size))
                _put(file, size, line)
        except Unreadable as error:
            raise Unwritable(str(error), HINT, error.original) from error
        return written

    def _lines(self) -> list[bytes]:
        try:
            folder = private_folder(self._folder, make=False)
            try:
                with self._locked(folder, os.O_RDONLY) as file:
                    return _text(file, os.fstat(file).st_size).split(b"\n")
            finally:
                os.close(folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            path = self._folder / FILE
            raise Unreadable(f"{path} cannot be read: {error.strerror}.", "", str(error)) from error
        except Unwritable as error:
            raise Unreadable(str(error), error.hint) from error

    @contextmanager
    def _locked(self, folder: int, flags: int) -> Iterator[int]:
        """The file, open, ours alone, and the one that lies there now; for reading, shared."""
        how = fcntl.LOCK_EX if flags & os.O_RDWR else fcntl.LOCK_SH
        until = time.monotonic() + self._seconds
        while True:
            file = os.open(FILE, flags | _FLAGS, 0o600, dir_fd=folder)
            try:
                require_own_file(str(self._folder / FILE), file)
                while not _locks(file, how):
                    if time.monotonic() > until:
                        raise Unreadable(f"{self._folder / FILE} is held by another program.")
                    time.sleep(_POLL)
                if _lies_there(file, folder):
                    yield file
                    return
            finally:
                os.close(file)


def _for_the_cluster(entry: Entry) -> bool:
    """Not all of a long plan: pmxcfs keeps 128 KiB for the whole cluster (logger.h), some hundred
    lines. What failed is told in any case, and so are beginning and end.
    """
    return entry.step <= _FEW_STEPS or entry.outcome not in ("", "ok")


def _locks(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lies_there(file: int, folder: int) -> bool:
    """Whether nobody has moved it away meanwhile."""
    try:
        there = os.stat(FILE, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(file))


def _tip(file: int, size: int) -> Tip:
    """Where the chain goes on. The end of the file is enough, unless it is damaged."""
    if size > _TAIL:
        _, *lines = os.pread(file, _TAIL, size - _TAIL).split(b"\n")
        if tip := tip_of(lines):
            return tip
    lines = _text(file, size).split(b"\n")
    return tip_of(lines) or Tip(half=half_of(lines))


def _text(file: int, size: int) -> bytes:
    """All of it. Raises Unreadable when it is too large."""
    if size > MOST_BYTES + MOST_LINE:
        raise Unreadable(f"{FILE} has more than {MOST_BYTES} bytes, so it is not read.")
    with open(file, "rb", closefd=False) as reader:
        reader.seek(0)
        return reader.read(size)


def _put(file: int, size: int, line: bytes) -> None:
    """Write the line behind `size` bytes and see it on the disk. Raises OSError; then the file is
    as it was before, if it can be.
    """
    whole = not size or os.pread(file, 1, size - 1) == b"\n"
    rest = memoryview(line if whole else b"\n" + line)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(file, size)
        raise
