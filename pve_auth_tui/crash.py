"""What happens when the program itself is wrong: a report without data, three calm lines (R8).

A traceback as Python or Textual print it shows local variables and exception texts, which
may hold passwords. The report names only types, files, lines and functions.

For the screens: mix `CalmCrash` into the App (first in the list of bases) and, when `run()`
is back, `if app.crash: return crash.tell(app.crash)`.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
import threading
import time
import traceback
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pve_auth_tui import __version__
from pve_auth_tui.core.plain import plain
from pve_auth_tui.environment import own_folder

if TYPE_CHECKING:
    from textual.app import App

    _App = App[Any]
else:
    _App = object

_MOST_ERRORS = 20  # of one chain of causes
_FRAMES = 50  # shown of each end of a traceback; endless recursion has a thousand
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class CalmCrash(_App):
    """Mixin for a Textual App: an unforeseen exception ends it without a word on the screen.

    Replaces the handler that prints local variables. The first such exception stays in
    `crash`; a worker's failure counts as what it failed of. Tests that drive the App with
    a pilot still get the exception raised.
    """

    crash: Exception | None = None

    def _handle_exception(self, error: Exception) -> None:
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            cause = getattr(error, "error", None)  # textual.worker.WorkerFailed
            self.crash = cause if isinstance(cause, Exception) else error
        self._close_messages_no_wait()


def tell(error: BaseException) -> int:
    """Write the report, say so on stderr, return the exit code 1."""
    text = sentence(error, report(error))
    if sys.stderr is not None:
        print(text, file=sys.stderr)
    return 1


def sentence(error: BaseException, path: Path | None) -> str:
    """Three lines for the user: what happened, where the report lies, what to do."""
    where = (
        f"A report without names, values or secrets lies in {plain(str(path))}"
        if path
        else "No report could be written."
    )
    return (
        f"pve-auth-tui stopped because of a mistake of its own ({type(error).__qualname__}).\n"
        f"{where}\n"
        "Please start it again; if it happens again, send the report to the project."
    )


def report(error: BaseException) -> Path | None:
    """Write a report that only our user can read (0600 in 0700) and return its path.

    None when that cannot be done safely. The same mistake gives the same file name and is
    written once.
    """
    text = "\n".join(_lines(error)) + "\n"
    path = own_folder() / "reports" / f"report-{zlib.crc32(text.encode()):08x}.txt"
    try:
        inside = _private_folder(path.parent)
        try:
            _write(inside, path.name, f"{_head()}\n{text}")
        finally:
            os.close(inside)
    except OSError:
        return None
    return path


def install() -> None:
    """Replace Python's own handlers, which print exception texts, for this process.

    A failure in a thread, a finalizer or a forgotten task (which asyncio logs) leaves a report
    and no word: the program goes on. Writing to a terminal that was closed is none.
    """

    def ends_us(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, Exception):
            tell(error)

    def goes_on(what: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
        error = what.exc_value
        if isinstance(error, Exception) and not _terminal_gone(error):
            report(error)

    sys.excepthook = ends_us
    threading.excepthook = goes_on
    sys.unraisablehook = goes_on
    logging.getLogger().addHandler(_Reports())


class _Reports(logging.Handler):
    """Nothing that is logged reaches stderr; an exception in it becomes a report."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, Exception) and not _terminal_gone(error):
            report(error)


def _terminal_gone(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.EIO, errno.EPIPE)


def _head() -> str:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    python = ".".join(map(str, sys.version_info[:3]))
    return f"pve-auth-tui {__version__}, Python {python}, {now}"


def _lines(error: BaseException) -> Iterator[str]:
    """Types and places of the exception and of what led to it, the newest first."""
    waiting: list[tuple[str, BaseException]] = [("", error)]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_ERRORS:
        how, one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield f"{how}{type(one).__module__}.{type(one).__qualname__}"
        frames = [
            f"  {plain(frame.f_code.co_filename)}:{line} {plain(frame.f_code.co_qualname)}"
            for frame, line in traceback.walk_tb(one.__traceback__)
        ]
        yield from frames[:_FRAMES]
        yield from frames[_FRAMES:][-_FRAMES:]
        if isinstance(one, BaseExceptionGroup):
            waiting += [("in the group: ", inner) for inner in one.exceptions]
        if one.__cause__ is not None:
            waiting.append(("because of: ", one.__cause__))
        elif one.__context__ is not None and not one.__suppress_context__:
            waiting.append(("while handling: ", one.__context__))


def _private_folder(folder: Path) -> int:
    """An open folder that only we can look into (R13b).

    Missing parts are made. The last two are ours: no links, nobody else's, closed to others.
    """
    base = folder.parent.parent
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in folder.parts[-2:]:
        try:
            inner = _opened_or_made(part, handle)
        finally:
            os.close(handle)
        handle = inner
        state = os.fstat(handle)
        if state.st_uid != os.geteuid() or stat.S_IMODE(state.st_mode) & 0o077:
            os.close(handle)
            raise PermissionError(part)
    return handle


def _opened_or_made(part: str, inside: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(part, 0o700, dir_fd=inside)
    return os.open(part, _FOLDER, dir_fd=inside)


def _write(inside: int, name: str, text: str) -> None:
    try:
        handle = os.open(name, _NEW_FILE, 0o600, dir_fd=inside)
    except FileExistsError:
        return
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        os.unlink(name, dir_fd=inside)  # half a report would pass for a whole one next time
        raise
