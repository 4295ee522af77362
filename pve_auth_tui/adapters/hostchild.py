"""One child of ours on this node, from its start to its end: both streams, within a time (R1).

What it prints is untrusted. A secret goes to its stdin alone, and comes back as `****` where the
child repeats it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.core.secret import HIDDEN

LONGEST_LINE: Final = 4096  # bytes; what is longer comes in pieces
MOST_BYTES: Final = 1024 * 1024  # of one stream that are told as they come
HEAD: Final = 500  # lines of one stream that are kept from its start,
TAIL: Final = 1500  # and from its end: there it says what went wrong
_CHUNK: Final = 64 * 1024
_LOOKS: Final = 0.1  # seconds between two looks whether it has ended
_SHORTEST: Final = 4  # characters of a secret that is masked: what is shorter stands everywhere

OnLine = Callable[[str], None]


@dataclass
class Stream:
    """One stream's lines, as they come. `hidden`: byte strings that are never told."""

    on_line: OnLine
    hidden: Sequence[bytes] = ()
    head: list[str] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))
    dropped: int = 0
    _rest: bytes = b""
    _told: int = 0

    def take(self, piece: bytes) -> None:
        """More bytes of it."""
        room = LONGEST_LINE + max(map(len, self.hidden), default=0)
        *lines, rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._line(self._short(line, room))
        self._rest = self._short(rest, room)

    def _short(self, line: bytes, room: int) -> bytes:
        """The end of it, after what is too long for a line was taken."""
        while len(line) > room:
            # Whatever is hidden and begins before the cut lies here whole.
            line = self._masked(line)
            self._line(line[:LONGEST_LINE])
            line = line[LONGEST_LINE:]
        return line

    def end(self) -> tuple[str, ...]:
        """All that is kept of it."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""
        gap = (f"[{self.dropped} lines are left out]",) if self.dropped else ()
        return (*self.head, *gap, *self.tail)

    def _line(self, line: bytes) -> None:
        text = self._masked(line).decode("utf-8", "replace").rstrip("\r")
        if len(self.head) < HEAD:
            self.head.append(text)
        else:
            self.dropped += len(self.tail) == TAIL
            self.tail.append(text)
        if self._told < MOST_BYTES:
            self._told += len(line) + 1
            self.on_line(text)
            if self._told >= MOST_BYTES:
                self.on_line("[it says more than is shown]")

    def _masked(self, data: bytes) -> bytes:
        for one in self.hidden:
            data = data.replace(one, HIDDEN.encode())
        return data


def hidden_in(value: str) -> tuple[bytes, ...]:
    """What must not come back of something that was sent: each line of it, the longest first."""
    lines = {line for line in (value, *value.splitlines()) if len(line) >= _SHORTEST}
    return tuple(one.encode() for one in sorted(lines, key=len, reverse=True))


class Child:
    """Started by its making, which raises OSError. Whoever made it calls `end`."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        stdin: bytes | None = None,
        patience: float = 2.0,
        umask: int = 0o077,
    ) -> None:
        self._patience = patience
        self._process = subprocess.Popen(  # noqa: S603 (a list of ours, no shell, an absolute path)
            argv,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
            cwd="/",
            umask=umask,
            close_fds=True,
            start_new_session=True,  # ctrl+c and a lost terminal are for us, not for it
        )
        if stdin is not None:
            # In a thread: a command that reads nothing must not keep us beyond its time.
            threading.Thread(target=self._feed, args=(stdin,), daemon=True).start()

    def follow(self, out: Stream, err: Stream, seconds: float) -> int | None:
        """Its exit code; None when it still runs after `seconds`.

        Its own end counts, not that of its output: a service that it started may hold the pipes.
        """
        until = time.monotonic() + seconds
        if self._read(out, err, until):
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(max(0.0, until - time.monotonic()))
        return self._process.poll()

    def end(self) -> None:
        """If it still runs it ends with its whole group: asked first, then killed."""
        if self._process.returncode is None:  # not waited for: the number is still its own
            self._signal(signal.SIGTERM)
            self._wait_for_silence()
            self._signal(signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):  # it sleeps in the kernel: a dead mount
                self._process.wait(self._patience)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with suppress(OSError):  # a secret that nobody read
                    stream.close()

    def _feed(self, value: bytes) -> None:
        stdin = self._process.stdin
        if stdin:
            with suppress(OSError, ValueError):  # it has ended, or closed its stdin
                stdin.write(value)
                stdin.close()

    def _read(self, out: Stream, err: Stream, until: float) -> bool:
        """Take what it says; False when the time was over first."""
        streams = dict(zip(self._pipes(), (out, err), strict=True))
        poll = select.poll()
        for pipe in streams:
            os.set_blocking(pipe, False)
            poll.register(pipe, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            over = self._process.poll() is not None
            ready = poll.poll(0 if over else min(left, _LOOKS) * 1000)
            if over and not ready:
                return True
            for pipe, _ in ready:
                piece = _piece(pipe)
                if piece == b"":
                    poll.unregister(pipe)
                    del streams[pipe]
                elif piece:
                    streams[pipe].take(piece)
            if not streams:
                return True
        return False

    def _pipes(self) -> tuple[int, int]:
        out, err = self._process.stdout, self._process.stderr
        assert out is not None  # noqa: S101 (both were asked for as pipes)
        assert err is not None  # noqa: S101
        return out.fileno(), err.fileno()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _wait_for_silence(self) -> None:
        """Until nobody holds the other ends any more, or the patience is over."""
        until = time.monotonic() + self._patience
        poll = select.poll()
        held = set(self._pipes())
        for pipe in held:
            poll.register(pipe, select.POLLIN)
        while held and (left := until - time.monotonic()) > 0:
            _drop_ended(poll, held, poll.poll(left * 1000))


def _drop_ended(poll: select.poll, held: set[int], ready: Iterable[tuple[int, int]]) -> None:
    for pipe, _ in ready:
        if _piece(pipe) == b"":
            poll.unregister(pipe)
            held.discard(pipe)


def _piece(pipe: int) -> bytes | None:
    """b"" at the end, None when there is nothing now."""
    try:
        return os.read(pipe, _CHUNK)
    except BlockingIOError:
        return None
