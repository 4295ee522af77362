"""Tasks of the simulated node: what PVE runs in a worker, with its log and its end.

Logs and index lie where PVE keeps them, /var/log/pve/tasks, in its own form. Sources: PVE::UPID,
PVE::RESTEnvironment (fork_worker, active_workers) and PVE::Tools (dump_logfile) of pve-common
9.2.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from threading import RLock, Thread
from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.errors import ApiError, AuthTuiError, Unwritable
from pve_auth_tui.core.perltext import encode_file
from pve_auth_tui.core.upid import parse
from pve_auth_tui.simnode.state import as_text

if TYPE_CHECKING:
    from pve_auth_tui.simnode.node import SimNode

Say = Callable[[Iterable[str]], None]
Work = Callable[[Say], None]
"""It is given what writes lines into the task's log; a line may hold line feeds."""

FOLDER: Final = "var/log/pve/tasks"
INDEX: Final = f"{FOLDER}/index"
UP_BEFORE: Final = 3 * 86400.0
"""For how long the node had been running when somebody first looked, in seconds."""

_LARGEST_INDEX: Final = 50_000  # bytes; then PVE begins a new one
_PATIENCE: Final = 3.0  # seconds that a caller waits for a task that may be a short one
_TICKS: Final = 100  # of a processor's clock in a second
_LINE: Final = re.compile(r"(\S+)(?:\s([0-9A-Za-z]{8})(?:\s(\S.*))?)?")
_END: Final = re.compile(r"TASK (?:(OK)|ERROR: (.+)|(WARNINGS: \d+))")


@dataclass(frozen=True, slots=True)
class Task:
    """What a task's id says; `user` may be a token's full id. `start` is seconds since 1970.

    `end` is None and `status` "" while it runs, or where only the id is known.
    """

    upid: str
    node: str
    pid: int
    pstart: int
    start: int
    type: str
    id: str
    user: str
    end: int | None = None
    status: str = ""

    @property
    def log(self) -> str:
        """Where its log lies."""
        return f"{FOLDER}/{self.upid.split(':')[4][7:]}/{self.upid}"


def parse_upid(upid: str) -> Task | None:
    """None for what is no task's id."""
    found = parse(upid)
    return Task(upid, *found) if found else None


class TaskLog:
    """The tasks of one node."""

    def __init__(self, node: SimNode) -> None:
        self._node = node
        self._booted = node.sources.now() - UP_BEFORE
        self._pids = count(node.sources.pid + 1)
        self._lock = RLock()
        self._running: dict[str, Task] = {}
        self._workers: dict[str, Thread] = {}
        self._told_to_stop: set[str] = set()

    @property
    def uptime(self) -> float:
        """For how long the node has been running, in seconds."""
        return max(0.0, self._node.sources.now() - self._booted)

    def run(
        self, kind: str, ident: str, user: str, work: Work, *, patience: float = _PATIENCE
    ) -> str:
        """Do the work, which writes into the log; the task's id, as PVE answers.

        An error of the work is the task's end, not the caller's. A task that is not done
        within `patience` seconds goes on in the background.
        """
        task = self._started(kind, ident, user)
        worker = Thread(target=self._carry_out, args=(task, work), daemon=True)
        self._workers[task.upid] = worker
        worker.start()
        self.wait(task.upid, patience)
        return task.upid

    def wait(self, upid: str, seconds: float | None = None) -> None:
        """Until a task has ended, or for some seconds."""
        worker = self._workers.get(upid)
        if worker is not None:
            worker.join(seconds)

    def _started(self, kind: str, ident: str, user: str) -> Task:
        now = self._node.sources.now()
        pid, ticks = next(self._pids), int(self.uptime * _TICKS)
        upid = f"UPID:{self._node.name}:{pid:08X}:{ticks:08X}:{int(now):08X}:{kind}:{ident}:{user}:"
        task = parse_upid(upid)
        if task is None:
            raise ApiError(500, f"unable to parse worker upid '{upid}'\n")
        self._node.disk.write(task.log, b"")
        self._running[upid] = task
        return task

    def _carry_out(self, task: Task, work: Work) -> None:
        written = bytearray()

        def write(lines: Iterable[str]) -> None:
            for line in lines:
                written.extend(encode_file(f"{line}\n"))  # as Perl's print does
            self._node.disk.write(task.log, bytes(written))

        def say(lines: Iterable[str]) -> None:
            if task.upid in self._told_to_stop:
                self._told_to_stop.discard(task.upid)
                raise ApiError(500, "received interrupt\n")
            write(lines)

        try:
            work(say)
            say(["TASK OK"])
        except AuthTuiError as error:
            text = as_text(error) if isinstance(error, ApiError) else error.original or str(error)
            end = text.removesuffix("\n").replace("\n", " ")
            with suppress(Unwritable):  # nobody is there to hear of it
                write([f"TASK ERROR: {end}"])
        finally:
            with suppress(Unwritable):
                self._ended(task)

    def _ended(self, task: Task) -> None:
        try:
            with self._lock:
                self._index(task)
        finally:
            self._told_to_stop.discard(task.upid)
            del self._running[task.upid]
            del self._workers[task.upid]

    def _index(self, task: Task) -> None:
        disk, now = self._node.disk, int(self._node.sources.now())
        entry = f"{task.upid} {now:08X} {self.status(task)}\n"
        index = (disk.read(INDEX) or b"") + entry.encode("latin-1", "replace")
        if len(index) <= _LARGEST_INDEX:
            disk.write(INDEX, index)
            return
        for old in self._indexed(f"{INDEX}.1"):
            disk.remove(old.log)
        disk.write(f"{INDEX}.1", index)
        disk.remove(INDEX)

    def stop(self, task: Task) -> None:
        """A running task is interrupted at the next line that it writes (PVE sends SIGTERM)."""
        if task.upid in self._running:
            self._told_to_stop.add(task.upid)

    def exists(self, task: Task) -> bool:
        return self._node.disk.read(task.log) is not None

    def is_running(self, task: Task) -> bool:
        return task.upid in self._running

    def status(self, task: Task) -> str:
        """How it ended: OK, or why not (PVE::UPID::read_status)."""
        found = _END.fullmatch((self._lines(task) or [""])[-1])
        return next(filter(None, found.groups())) if found else "unexpected status"

    def running(self) -> list[Task]:
        """The newest first."""
        return sorted(self._running.values(), key=lambda task: task.start, reverse=True)

    def ended(self) -> Iterator[Task]:
        """The last one to end first."""
        yield from self._indexed(INDEX)
        yield from self._indexed(f"{INDEX}.1")

    def _indexed(self, index: str) -> Iterator[Task]:
        data = self._node.disk.read(index) or b""
        for line in reversed(data.decode("latin-1").splitlines()):
            found = _LINE.fullmatch(line)
            task = parse_upid(found[1]) if found else None
            if found and task:
                end = int(found[2], 16) if found[2] else None
                yield replace(task, end=end, status=found[3] or "")

    def lines(self, task: Task, start: int, limit: int) -> tuple[int, list[dict[str, str | int]]]:
        """How many lines the log has, and `limit` of them from `start` on; 0 for all."""
        if not self.exists(task):
            return 1, [{"n": 1, "t": "unable to open file - No such file or directory"}]
        found = self._lines(task)
        if not found:
            return 1, [{"n": 1, "t": "no content"}]
        last = start + limit if limit else None
        shown = list(enumerate(found, 1))[start:last]
        return len(found), [{"n": number, "t": text} for number, text in shown]

    def _lines(self, task: Task) -> list[str]:
        """PVE shows each byte as a character."""
        data = self._node.disk.read(task.log) or b""
        return data.decode("latin-1").removesuffix("\n").split("\n") if data else []
