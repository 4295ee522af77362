"""Something long and secret that is pasted: more than a terminal takes as one line (4 KiB)."""

from __future__ import annotations

import os
import select
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.pastedfile import MOST, as_pasted

_LINES: Final = 100_000
_QUIET: Final = 0.2  # seconds after which a paste is over
_ENDS: Final = (b"\n", b"\r", b"\x04")


def pasted(question: str) -> Secret:
    """One line at a terminal, without echo; all of standard input where that is none.

    Raises UsageError for nothing, and for more than 256 KiB.
    """
    if sys.stdin is None:
        raise UsageError("There is nothing to read it from.")
    if not sys.stdin.isatty():
        return as_pasted(_text(sys.stdin, lines=_LINES))
    try:
        number = sys.stdin.fileno()
    except OSError:  # a terminal that is no file
        _ask(question)
        return as_pasted(_text(sys.stdin, lines=1))
    with _bare(number):
        _ask(question)
        data = _line(number)
    _ask("\n")
    return as_pasted(data)


def _ask(question: str) -> None:
    sys.stderr.write(question)
    sys.stderr.flush()


def _text(stream: TextIO, *, lines: int) -> bytes:
    """What was read before lies in the stream, so it is the stream that is asked."""
    text = ""
    try:
        for _ in range(lines):
            more = stream.readline(MOST + 1)
            text += more
            if not more or len(text) > MOST:
                break
    except UnicodeDecodeError:
        raise UsageError("What was pasted is not UTF-8.", "Nothing was sent.") from None
    return text.encode("utf-8", "replace")


def _line(number: int) -> bytes:
    """Up to the line's end; a paste may come in many pieces."""
    data = bytearray()
    while len(data) <= MOST and (more := os.read(number, 4096)):
        at = min((found for end in _ENDS if (found := more.find(end)) >= 0), default=-1)
        if at >= 0:
            _throw_away(number)
            return bytes(data + more[:at])
        data += more
    return bytes(data)


def _throw_away(number: int) -> None:
    """What was pasted behind the line's end: a shell would take it for a command."""
    for _ in range(MOST // 4096):
        if not select.select([number], [], [], _QUIET)[0] or not os.read(number, 4096):
            return


@contextmanager
def _bare(number: int) -> Iterator[None]:
    """Neither lines nor echo: a line of a terminal ends at 4096 characters. ctrl+c still works."""
    before = termios.tcgetattr(number)
    bare = termios.tcgetattr(number)
    bare[3] &= ~(termios.ICANON | termios.ECHO)
    bare[6][termios.VMIN], bare[6][termios.VTIME] = 1, 0
    termios.tcsetattr(number, termios.TCSADRAIN, bare)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSAFLUSH, before)
