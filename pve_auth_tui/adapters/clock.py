"""Time: the system's, or one that stands still for the demo and for tests. Both are a Clock."""

from __future__ import annotations

import time
from dataclasses import dataclass


class SystemClock:
    """This computer's clock."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()


@dataclass(frozen=True, slots=True)
class FixedClock:
    """`at` is seconds since 1970, UTC."""

    at: float

    def now(self) -> float:
        return self.at
