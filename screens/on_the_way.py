"""What a running plan tells, on its way from its worker to the screen."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pve_auth_tui.services.report import Progress

MOST: Final = 200  # lines of a step that can be read while it runs


class OnTheWay:
    """Handed over together, and of a flood its end alone: a tool may print a hundred thousand
    lines faster than a message is passed on, and keys wait behind them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._before: list[Progress] = []
        self._lines: deque[Progress] = deque(maxlen=MOST)  # of the step that runs

    def add(self, progress: Progress) -> bool:
        """In the worker. True when nothing else was waiting: somebody has to be told then."""
        with self._lock:
            is_first = not self._before and not self._lines
            if progress.line:
                self._lines.append(progress)
            else:
                self._before += (*self._lines, progress)
                self._lines.clear()
            return is_first

    def take(self) -> list[Progress]:
        """All that waits, in its order."""
        with self._lock:
            taken = [*self._before, *self._lines]
            self._before.clear()
            self._lines.clear()
            return taken
