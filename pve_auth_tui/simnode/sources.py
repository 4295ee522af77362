"""Everything on the simulated node that is not decided by what was asked: time and chance.

Given by hand, recordings replay to the letter.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from pve_auth_tui.core.ports import Clock


@dataclass
class Sources:
    """`now`: seconds since 1970. `random(n)`: n bytes for challenges, salts and keys.
    `recovery_secret`: 16 hex digits. `recovery_code`: `xxxx-xxxx-xxxx-xxxx` in hex.
    """

    now: Callable[[], float]
    uuid: Callable[[], str]
    random: Callable[[int], bytes]
    recovery_secret: Callable[[], str]
    recovery_code: Callable[[], str]
    sleep: Callable[[float], None]
    pid: int = 4711


def system_sources(clock: Clock | None = None) -> Sources:
    """The machine's own clock (or another) and its random numbers."""
    return Sources(
        now=clock.now if clock else time.time,
        uuid=lambda: str(uuid.uuid4()),
        random=secrets.token_bytes,
        recovery_secret=lambda: secrets.token_hex(8),
        recovery_code=_recovery_code,
        sleep=time.sleep,
    )


def _recovery_code() -> str:
    digits = secrets.token_hex(8)
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))
