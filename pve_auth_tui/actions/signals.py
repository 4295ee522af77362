"""Ctrl+c, SIGTERM and a lost terminal, while something runs that must not be cut off."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_signals(came: Callable[[], object], told: str) -> Iterator[None]:
    """Within: each of them calls `came`, after `told` was said on stderr.

    Who runs this under nohup(1) wants it to go on without a terminal. Only Python's main thread
    hears signals: in others nothing is changed.
    """

    def handle(number: int, frame: object) -> None:
        with suppress(OSError):
            os.write(2, f"\n{told}\n".encode())
        came()

    taken = [
        number
        for number in _SIGNALS
        if threading.current_thread() is threading.main_thread()
        and not (number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN)
    ]
    before = {number: signal.signal(number, handle) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
