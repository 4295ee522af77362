"""A picture is taken when nothing on the screen moves any more, however busy the machine is."""

from __future__ import annotations

from typing import Any, Final

from textual.pilot import Pilot

from tests.screens.conftest import shown

_LOOKS: Final = 8  # in a row that see the same, and no worker at work
_BUSY: Final = 40  # in a row, where one works on: it waits for somebody
_APART: Final = 0.05  # seconds
_MOST: Final = 400


async def rest(pilot: Pilot[Any]) -> None:
    """Wait until what is drawn stays as it is. What the picture is of has come before that."""
    last, same = "", 0
    for _ in range(_MOST):
        await pilot.pause(_APART)
        now = shown(pilot)
        same = same + 1 if now == last else 0
        last = now
        works = any(not worker.is_finished for worker in pilot.app.workers)
        if same >= (_BUSY if works else _LOOKS):
            return
    raise AssertionError("the screen never came to rest")
