"""A child that gets one line of JSON and gives one back, over pipes that only it and we have.

Its STDOUT and STDERR are one log, kept for "the original text" and never taken as an answer;
its STDIN is its own program text, if it gets one that way, or nothing. An answer must carry the
random id of its question (R3). The kernel kills the child when the last end of a third pipe
closes, that is when we end, however we end; the child asks for that itself (bridge.pl).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pve_auth_tui.core.apianswer import MOST_BYTES, NotAnAnswer, parsed
from pve_auth_tui.environment import child_environment

LOG_BYTES: Final = 64 * 1024
_CHUNK: Final = 256 * 1024
_PATIENCE: Final = 0.2  # seconds for a killed child to be gone and its last words to arrive
_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE

# PVE's modules make files in /var/log/pve that its web server, not root, must read: not 077.
_UMASK: Final = 0o022


class Broken(Exception):
    """No answer: `why` in one sentence; `sent`: it may have read the question and acted."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class LineChild:
    """One running child. Not thread-safe, but for `kill` and `said`. Raises OSError at start.

    `command` gets the numbers of three descriptors as its last arguments: where questions
    come from, where answers go, and the pipe that ends with us. `program` is what it reads
    on STDIN: so its text needs no file that somebody could change and is not in argv.
    """

    def __init__(self, command: Sequence[str], program: bytes = b"") -> None:
        ask, self._ask = os.pipe()
        self._answer, answer = os.pipe()
        life, self._life = os.pipe()
        log, said = os.pipe()
        self._rest = b""
        theirs = (ask, answer, life)
        try:
            with _as_file(program) as stdin:
                self._process = subprocess.Popen(  # noqa: S603 (a list of ours, no shell)
                    [*command, *(str(number) for number in theirs)],
                    stdin=stdin,
                    stdout=said,
                    stderr=said,
                    env=child_environment(),
                    cwd="/",
                    umask=_UMASK,
                    pass_fds=theirs,
                    start_new_session=True,  # a ctrl+c is for us; and we can kill the group
                )
        except BaseException:
            for number in (log, self._ask, self._answer, self._life):
                os.close(number)
            raise
        finally:
            for number in (*theirs, said):
                os.close(number)
        self._log = _Log(log)
        os.set_blocking(self._ask, False)
        os.set_blocking(self._answer, False)

    @property
    def said(self) -> str:
        """The last that it printed."""
        return self._log.text()

    def quiet(self) -> bool:
        """Whether it lives and has said nothing where only an answer may stand."""
        return not self._rest and not _ready(self._answer, select.POLLIN, 0.0)

    def ask(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a question, both without the id.

        Raises Broken, after which there is nothing to do but `kill` and `end`.
        """
        until = time.monotonic() + seconds
        number = secrets.token_hex(16)
        line = json.dumps({**question, "id": number}, ensure_ascii=False).encode() + b"\n"
        self._send(line, until)
        answer = _parsed(self._line(until))
        if answer is None:
            raise Broken("it said something that is no answer", sent=True)
        if answer.pop("id", None) != number:
            raise Broken("it answered what nobody had asked", sent=True)
        return answer

    def kill(self) -> None:
        """At once, with everything in its process group; from any thread."""
        with contextlib.suppress(ProcessLookupError):
            if self._process.returncode is None:  # not waited for: the number is still its own
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill it and give back what we hold of it."""
        self.kill()
        for number in (self._ask, self._answer, self._life):
            os.close(number)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # it sleeps in the kernel: a dead mount
            _left_behind.append(self._process)
        self._log.wait(_PATIENCE)

    def _send(self, line: bytes, until: float) -> None:
        while line:
            if not _ready(self._ask, select.POLLOUT, until - time.monotonic()):
                raise Broken("it took no question in time", sent=False)
            try:
                line = line[os.write(self._ask, line) :]
            except OSError:
                raise Broken("it has ended", sent=False) from None

    def _line(self, until: float) -> bytes:
        pieces = [self._rest]
        size = 0
        while True:
            head, newline, self._rest = pieces[-1].partition(b"\n")
            if newline:
                return b"".join((*pieces[:-1], head))
            size += len(head)
            if size > MOST_BYTES:
                raise Broken("its answer is too long", sent=True)
            if not _ready(self._answer, select.POLLIN, until - time.monotonic()):
                raise Broken("it did not answer in time", sent=True)
            piece = os.read(self._answer, _CHUNK)
            if not piece:
                raise Broken("it has ended", sent=True)
            pieces.append(piece)


class _Log:
    """The end of what somebody writes into a pipe; a thread reads it until nobody can write."""

    def __init__(self, pipe: int) -> None:
        self._kept = b""
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def text(self) -> str:
        with self._lock:
            return self._kept.decode("utf-8", "replace")

    def wait(self, seconds: float) -> None:
        """For the last words; a worker that lives on may hold the pipe open much longer."""
        self._thread.join(seconds)

    def _read(self, pipe: int) -> None:
        with open(pipe, "rb", buffering=0) as log:
            while piece := log.read(_CHUNK):
                with self._lock:
                    self._kept = (self._kept + piece)[-LOG_BYTES:]


# Children that not even SIGKILL could end, kept so that nobody waits for them.
_left_behind: list[subprocess.Popen[bytes]] = []


@contextmanager
def _as_file(program: bytes) -> Iterator[int]:
    """A descriptor of a sealed file in memory, for a child's STDIN; without text, of nothing."""
    if not program:
        yield subprocess.DEVNULL
        return
    file = os.memfd_create("program", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.write(file, program)
        os.lseek(file, 0, os.SEEK_SET)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
        yield file
    finally:
        os.close(file)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A JSON object; None for anything else. No exception that holds the line leaves here (R8)."""
    try:
        return parsed(line)
    except NotAnAnswer:
        return None


def _ready(pipe: int, event: int, seconds: float) -> bool:
    """Whether it is readable (or writable, or closed at the other end) within that time."""
    poll = select.poll()
    poll.register(pipe, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))
