"""What the person at a software key does, and what goes wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Touch = Literal["auto", "manual", "never", "deny"]


@dataclass
class Script:
    """May be changed while the key runs. Times in seconds.

    `touch`: `auto` after `touch_delay`, `manual` by SoftKey.press(), `never`, or `deny`: declined
    at the key. `touch_timeout`: the key gives up by itself (CTAP 2.1 6.1.2: 30 s). `keepalive`:
    how often it says that it still works (CTAPHID: every 100 ms).

    `unplug_at`, `hang_at`: a point of its work, at which it is pulled, or answers nothing more:
    `init`, `touch`, `cbor:1` (that command of CTAP2), `u2f:1` (that instruction); for `unplug_at`
    also `read`. `busy_for`: so many requests are answered with "channel busy" first.
    `foreign_traffic`: packets of somebody else's channel come in between.
    `force_status`: command of CTAP2 -> the status that it is answered with.
    """

    touch: Touch = "auto"
    touch_delay: float = 0.05
    touch_timeout: float = 30.0
    keepalive: float = 0.1
    unplug_at: str | None = None
    hang_at: str | None = None
    busy_for: int = 0
    foreign_traffic: bool = False
    force_status: dict[int, int] = field(default_factory=dict)
