"""Timers that end, however busy the machine is."""

from __future__ import annotations

from textual.message_pump import MessagePump
from textual.timer import Timer, TimerCallback


class SureTimers(MessagePump):
    """Mixin for whatever sets a timer that ticks once. Textual passes over a tick that is late when
    its timer begins to wait, and such a timer would then end without it: a key that the gate holds
    would stay there until the next one, and a detail pane on its row for good.
    """

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call `callback` once, after `delay` seconds at the earliest."""
        timer = super().set_timer(delay, callback, name=name, pause=True)
        timer._skip = False
        if not pause:
            timer.resume()
        return timer
