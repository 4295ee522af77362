"""Work that nobody waits for once its screen is left, nor at the end of the program."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from threading import Thread
from typing import Final

_TICK: Final = 0.1  # seconds until it is noticed that it was given up


def until_given_up(work: Callable[[], None], is_given_up: Callable[[], bool]) -> None:
    """For a worker's thread, for which the program waits when it ends: this returns when `work`
    has, and raises what it raises; or soon after it was given up. It then goes on by itself, in a
    thread that ends with the program.
    """
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (it is raised where somebody waits)
            done.set_exception(error)
        else:
            done.set_result(None)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    while not is_given_up():
        if wait((done,), _TICK).done:
            return done.result()
