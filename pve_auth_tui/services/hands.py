"""Somebody at a security key: told what it waits for, asked for its PIN, free to give up.

The key is worked in a thread; whoever sits at the screen or terminal is in another one.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Queue
from threading import Event
from typing import Final

from pve_auth_tui.core.keys import Phase, PinAsked
from pve_auth_tui.core.secret import Secret

_LOOK: Final = 0.1  # seconds between looks whether somebody gave up


class QueuedHands:
    """A `core.ports.Hands`. `on_phase` and `on_pin` are called in the key's thread: they post a
    message and return. `answer` and `give_up` may be called from any thread.
    """

    def __init__(
        self,
        on_phase: Callable[[Phase, float], None],
        on_pin: Callable[[PinAsked], None],
    ) -> None:
        self._on_phase = on_phase
        self._on_pin = on_pin
        self._answers: Queue[Secret | None] = Queue()
        self._gone = Event()

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        """What the key does now, and for how many seconds PVE still waits for it."""
        self._on_phase(phase, seconds)

    def pin(self, asked: PinAsked) -> Secret | None:
        """The PIN; None when none was given, or somebody gave up."""
        self._on_pin(asked)
        while not self._gone.is_set():
            try:
                return self._answers.get(timeout=_LOOK)
            except Empty:
                continue
        return None

    def given_up(self) -> bool:
        """Whether the key is to be left alone."""
        return self._gone.is_set()

    def answer(self, pin: Secret | None) -> None:
        """The PIN that was asked for, or none."""
        self._answers.put(pin)

    def give_up(self) -> None:
        """Everything ends at the next look, within a moment."""
        self._gone.set()
