"""Time: the system's, the demo's own, or one that stands still for tests. Each is a Clock."""

from __future__ import annotations

import time
from dataclasses import dataclass


class SystemClock:
    """This computer's clock."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()


class RunningClock:
    """Runs as fast as any other, from `start` (seconds since 1970, UTC) on."""

    def __init__(self, start: float) -> None:
        self._ahead = start - time.monotonic()

    def now(self) -> float:
        return time.monotonic() + self._ahead


@dataclass(frozen=True, slots=True)
class FixedClock:
    """`at` is seconds since 1970, UTC."""

    at: float

    def now(self) -> float:
        return self.at
