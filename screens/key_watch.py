"""A screen that sees security keys being plugged in and pulled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from textual import on, work
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keys import Scan, ScanState
from screens.base import BaseScreen

_EVERY: Final = 1.0  # seconds


class KeyWatch(BaseScreen):
    """Looks every second from `watch_keys` on, in a worker, while this screen is on top and
    `may_look` says so. `scanned` is called when something else is plugged in than before; nothing
    is drawn in between.
    """

    @dataclass
    class Scanned(Message):
        """What was plugged in a moment ago."""

        scan: Scan

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scan: Scan | None = None
        self._looking: Timer | None = None
        self._looks = False

    def watch_keys(self) -> None:
        """Look now, and every second from now on."""
        if self._looking is None:
            self._looking = self.set_interval(_EVERY, self.look_for_keys)
        self.look_for_keys()

    def forget_scan(self) -> None:
        """The next look counts as a change, whatever it finds."""
        self.scan = None

    @property
    def may_look(self) -> bool:
        """Whether a look disturbs nobody: False while a key is open."""
        return True

    def scanned(self, scan: Scan) -> None:
        """Something was plugged in or pulled; also the first time."""
        raise NotImplementedError

    def look_for_keys(self) -> None:
        """One look, unless the last one has not come back."""
        if self.is_current and self.may_look and not self._looks:
            self._looks = True
            self._look()

    @work(thread=True, group="scan", exit_on_error=False)
    def _look(self) -> None:
        try:
            scan = self.house.workshop.keys.scan()
        except AuthTuiError:  # the kernel answers oddly for a moment; it is asked every second
            scan = self.scan or Scan(ScanState.NOTHING)
        if not get_current_worker().is_cancelled:
            self.post_message(self.Scanned(scan))

    @on(Scanned)
    def _take_scan(self, message: Scanned) -> None:
        self._looks = False
        if self.may_look and message.scan != self.scan:
            self.scan = message.scan
            self.house.seen_somebody()
            self.scanned(message.scan)

    def on_screen_suspend(self) -> None:
        if self._looking is not None:
            self._looking.pause()

    def on_screen_resume(self) -> None:
        if self._looking is not None:
            self._looking.resume()
            self.look_for_keys()
