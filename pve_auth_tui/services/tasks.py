"""Following what PVE does in the background: its lines as they come, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from pve_auth_tui.core import apishape
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.upid import Upid, ended_well, parse

PAGE: Final = 500  # lines asked for at once
MOST_LINES: Final = 20_000
LONGEST_LINE: Final = 4096  # characters
_PAUSE: Final = 0.5  # seconds between two questions
_FIRST_PAUSE: Final = 0.1
_NOTHING_YET: Final = "no content"  # PVE's own line for an empty log (PVE::Tools::dump_logfile)


class TaskEnd(NamedTuple):
    """How following a task ended. `lines` are those that were told, at most as many as asked for.

    `exitstatus` is PVE's own, "" while the task still runs (`ended` is False: somebody
    cancelled, or the time was over; the task goes on). `ok`: it did what it was for.
    """

    exitstatus: str
    ok: bool
    lines: tuple[str, ...]
    ended: bool = True


class TaskService:
    """Blocking. `wait` sleeps some seconds, `steady` counts them; tests bring their own."""

    def __init__(
        self,
        api: Api,
        *,
        wait: Callable[[float], None] = time.sleep,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._wait = wait
        self._steady = steady

    def follow(
        self,
        upid: str,
        on_line: Callable[[str], None] = lambda line: None,
        cancelled: Callable[[], bool] = lambda: False,
        seconds: float = 3600.0,
        *,
        most: int = 0,
    ) -> TaskEnd:
        """Tell a task's lines as they come until it ends, is `cancelled`, or `seconds` are over.

        `most`: how many lines are read, 0 for MOST_LINES.
        Lines are untrusted text. Raises Unreadable when `upid` is no task's name or PVE answers
        in another form, and what `Api.call` raises.
        """
        task = parse(upid)
        if task is None:
            raise Unreadable(
                "PVE did not answer with the name of a task.", "See its own task list.", upid[:300]
            )
        path = ("nodes", task.node, "tasks", upid)
        until, pause = self._steady() + seconds, _FIRST_PAUSE
        lines: list[str] = []
        while True:
            exitstatus = self._exitstatus((*path, "status"), task)  # before its last lines
            for line in self._lines((*path, "log"), len(lines), most or MOST_LINES):
                lines.append(line)
                on_line(line)
            if exitstatus is not None:
                return TaskEnd(exitstatus, ended_well(exitstatus), tuple(lines))
            if cancelled() or self._steady() >= until:
                return TaskEnd("", False, tuple(lines), ended=False)
            self._wait(pause)
            pause = _PAUSE

    def _exitstatus(self, path: tuple[str, ...], task: Upid) -> str | None:
        """None while it runs."""
        status = apishape.fields(self._api.call("GET", path), f"task {task.type}")
        if apishape.text(status, "status", "task") != "stopped":
            return None
        found = apishape.optional_text(status, "exitstatus", "task")
        return (found or "unknown")[:LONGEST_LINE]

    def _lines(self, path: tuple[str, ...], start: int, most: int) -> Iterator[str]:
        """The lines from `start` on, page by page."""
        while start < most:
            asked = min(PAGE, most - start)
            params = {"start": start, "limit": asked}
            page = apishape.rows(self._api.call("GET", path, params), "task log")
            rows = [row for row in page[:asked] if (apishape.number(row, "n", "log") or 0) > start]
            for row in rows:
                text = apishape.optional_text(row, "t", "log") or ""
                if start == 0 and text == _NOTHING_YET and len(rows) == 1:
                    return
                start += 1
                yield text[:LONGEST_LINE]
            if len(rows) < asked:
                return
