"""Whoever stands at a software key: touches, and fingers on its sensor."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from pve_auth_tui.simnode.softkey.script import Script
from pve_auth_tui.simnode.softkey.status import Refusal, Status, Unplugged

PROCESSING, UP_NEEDED = 1, 2  # CTAPHID_KEEPALIVE's status
_STEP = 0.01


class Operation(Protocol):
    """One running request, as the transport gives it to the key."""

    def keepalive(self, status: int) -> None:
        """Say that it goes on, not more often than the script wants it."""

    def cancelled(self) -> bool:
        """The host does not want it any more."""

    def gone(self) -> bool:
        """The key was pulled."""

    def point(self, name: str) -> None:
        """A point of the work at which the script may pull the key, or make it hang.

        Raises Unplugged.
        """


class Person:
    """Does what the script says; `log` is told of it."""

    def __init__(self, script: Script, log: list[str]) -> None:
        self.script = script
        self._log = log
        self._pressed = threading.Event()
        self._u2f_since: float | None = None

    def press(self) -> None:
        """A touch, for a script whose touches are `manual`."""
        self._pressed.set()

    def leave(self) -> None:
        """The key lost its power: nothing is waited for."""
        self._u2f_since = None
        self._pressed.clear()

    def wait(self, operation: Operation, what: str) -> None:
        """Until the key is touched. Raises Refusal, Unplugged."""
        self._log.append(f"touch-wait:{what}")
        operation.point("touch")
        self._pressed.clear()
        start = time.monotonic()
        while not self._is_touched(time.monotonic() - start):
            if operation.gone():
                raise Unplugged
            if operation.cancelled():
                self._log.append("cancelled")
                raise Refusal(Status.KEEPALIVE_CANCEL)
            if self.script.touch == "deny":
                raise Refusal(Status.OPERATION_DENIED)
            if time.monotonic() - start >= self.script.touch_timeout:
                self._log.append("touch-timeout")
                raise Refusal(Status.USER_ACTION_TIMEOUT)
            operation.keepalive(UP_NEEDED)
            time.sleep(min(_STEP, self.script.keepalive))
        self._log.append(f"touched:{what}")

    def _is_touched(self, waited: float) -> bool:
        if self.script.touch == "manual":
            return self._pressed.is_set()
        return self.script.touch == "auto" and waited >= self.script.touch_delay

    def touched_since_asked(self) -> bool:
        """U2F asks again and again: whether there was a touch since the first time."""
        now = time.monotonic()
        if self._u2f_since is None:
            self._u2f_since = now
            self._log.append("touch-wait:u2f")
        if not self._is_touched(now - self._u2f_since):
            return False
        self.leave()
        return True
