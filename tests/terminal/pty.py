"""A program in a real pseudo-terminal: what `run_test()` of Textual cannot show.

Import it as `tests.terminal.pty`; the standard library has a module of this name, too.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

ROOT = Path(__file__).parents[2]
TRUE_COLOUR = 1000
_CHUNK = 65536
_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT
_SEQUENCE = re.compile(
    rb"\x1b(?:\[([0-9:;<=>?]*)([ -/]*[@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)", re.S
)


class Terminal:
    """Starts `command` and plays its terminal of `size` (columns, lines).

    `term` None leaves TERM unset. `env` is added to an environment that holds only PATH and
    HOME. Size (0, 0) is what a serial line reports; the screen is then 80x24 all the same.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        term: str | None = "xterm-256color",
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
    ) -> None:
        columns, lines = size
        self._screen = pyte.Screen(columns or 80, lines or 24)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        """Every byte the program has written."""
        self._child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": "/nonexistent",
                **({} if term is None else {"TERM": term}),
                **(env or {}),
            },
            cwd=str(ROOT),
            dimensions=(lines, columns),
        )
        self._child.delaybeforesend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    def send(self, *pieces: bytes, pause: float = 0.0) -> float:
        """Type bytes; several pieces with a pause of that many seconds between them. Gives the
        longest that there was: a busy machine types slower than it was told.
        """
        longest, last = 0.0, time.monotonic()
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(pause)
            self._child.send(piece)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        return longest

    def resize(self, columns: int, lines: int) -> None:
        self._screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def until(self, text: str, *, gone: str | None = None, seconds: float = 60) -> str:
        """Read until `text` is on the screen and `gone` is not; gives the screen."""

        def arrived() -> bool:
            shown = self.screen
            return text in shown and (gone is None or gone not in shown)

        return self.when(arrived, f"{text!r} on the screen", seconds)

    def when(self, arrived: Callable[[], bool], what: str, seconds: float = 60) -> str:
        """Read until `arrived()`; gives the screen. `what` is for the failure's text."""
        end = time.monotonic() + seconds
        while not arrived():
            gone = not self._read(0.1) and not self._child.isalive()
            if gone or time.monotonic() > end:
                raise AssertionError(f"never came: {what}\n{self.screen}")
        return self.screen

    def settle(self, seconds: float = 0.3) -> str:
        """Read until nothing has been written for that long; gives the screen."""
        while self._read(seconds):
            pass
        return self.screen

    def end(self, seconds: float = 60) -> int:
        """Read until the program ends by itself; its exit code, or -signal."""
        end = time.monotonic() + seconds
        while self._child.isalive():
            if time.monotonic() > end:
                raise AssertionError(f"it does not end:\n{self.screen}")
            self._read(0.1)
        while self._read(0.1):
            pass
        code = self._child.exitstatus
        return code if code is not None else -int(self._child.signalstatus)

    def hang_up(self) -> None:
        """The terminal goes away, as when a cable is pulled. No reading after this."""
        self._child.ptyproc.fileobj.close()
        self._child.ptyproc.closed = self._child.closed = True

    def is_running(self) -> bool:
        return os.waitid(os.P_PID, self._child.pid, _LOOK) is None

    def terminate(self) -> None:
        """Tell the program to end, as a shutdown does."""
        os.kill(self._child.pid, signal.SIGTERM)

    def kill(self) -> None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._child.pid, signal.SIGKILL)
            os.waitpid(self._child.pid, 0)
        if not self._child.closed:
            self.hang_up()

    @property
    def screen(self) -> str:
        return "\n".join(self._screen.display)

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Column and line of the cursor from 0, None while it is hidden."""
        cursor = self._screen.cursor
        return None if cursor.hidden else (cursor.x, cursor.y)

    def reversed_lines(self) -> list[str]:
        """The lines in which anything is shown in reverse video."""
        buffer, columns = self._screen.buffer, self._screen.columns
        return [
            line
            for number, line in enumerate(self._screen.display)
            if any(buffer[number][column].reverse for column in range(columns))
        ]

    def _read(self, seconds: float) -> bool:
        with suppress(pexpect.TIMEOUT, pexpect.EOF, ValueError):
            data: bytes = self._child.read_nonblocking(_CHUNK, timeout=seconds)
            self.written += data
            self._stream.feed(data)
            return True
        return False


def sgr_codes(written: bytes) -> set[int]:
    """All codes of Select Graphic Rendition in the output: colours and attributes.

    A 24-bit colour is given as TRUE_COLOUR.
    """
    codes = set()
    for match in _SEQUENCE.finditer(written):
        if match[2] == b"m":
            rgb = re.sub(rb"[34]8;2;\d+;\d+;\d+", b"%d" % TRUE_COLOUR, match[1])
            codes |= {int(code or 0) for code in re.split(rb"[;:]", rgb)}
    return codes


def sequences(written: bytes) -> set[bytes]:
    """Every kind of escape sequence in the output.

    `ESC[12;5H` and `ESC[H` are `b"H"`; private modes keep their numbers, `ESC[?25l` is
    `b"?25l"`; the rest is given with its beginning, `b"]22"`.
    """
    kinds = set()
    for match in _SEQUENCE.finditer(written):
        if match[2] is None:
            kinds.add(match[0][1:4])
        else:
            kinds.add((match[1] if match[1][:1] in b"<=>?" else b"") + match[2])
    return kinds


def characters(written: bytes) -> set[str]:
    """Every printed character in the output."""
    return {c for c in _SEQUENCE.sub(b"", written).decode(errors="ignore") if c.isprintable()}
