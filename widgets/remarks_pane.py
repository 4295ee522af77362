"""What is worth knowing about answers, worked out in a worker once no key came for a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from textual import on, work
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.terminal.timers import SureTimers
from widgets.detail_pane import DetailPane

_REST: Final = 0.2  # seconds after the last key until the remarks follow

Remarks: TypeAlias = Callable[[], Sequence[Line]]
"""Runs in a worker, so it looks at no widget. May raise AuthTuiError, which is shown."""


class RemarksPane(SureTimers, DetailPane):
    """`ask` is called on the screen's own thread, and gives what the worker then runs."""

    MORE = "the plan shows them"

    @dataclass
    class Found(Message):
        """What the worker has found."""

        lines: Sequence[Line]

    def __init__(self, title: str, ask: Callable[[], Remarks], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = title
        self._ask = ask
        self._resting: Timer | None = None

    def follow(self) -> None:
        """Work them out when no key came for a moment."""
        if self._resting is None:
            self._resting = self.set_timer(_REST, self.begin)
        else:
            self._resting.reset()

    def begin(self) -> None:
        """Work them out now."""
        self._resting = None
        self._work_out(self._ask())

    @work(thread=True, exclusive=True, group="remarks", exit_on_error=False)
    def _work_out(self, remarks: Remarks) -> None:
        try:
            lines = remarks()
        except AuthTuiError as error:
            lines = [Line(f"{error} {error.hint}".strip(), word="BAD")]
        if not get_current_worker().is_cancelled:
            self.post_message(self.Found(lines))

    @on(Found)
    def _show_found(self, message: Found) -> None:
        message.stop()
        self.show(self._title, message.lines)
