"""Several looks at the same time, each of which may hang: what is there in time counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, NamedTuple, TypeVar

from pve_auth_tui.core.plain import plain

T = TypeVar("T")

_LONGEST: Final = 300  # characters of a sentence; a path or a tool's words may be without measure


class Found(NamedTuple):
    """Fields of a Condition that were found, and sentences on what was not, and why."""

    fields: dict[str, Any]
    trouble: tuple[str, ...] = ()


def begun(look: Callable[[], T]) -> Future[T]:
    """In a thread that nobody has to wait for, at the end of the program neither."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(look())
        except BaseException as error:  # noqa: BLE001 (it is told to whoever asks for the result)
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def gathered(looks: dict[str, Future[Found]], until: float) -> Found:
    """All fields; as trouble which look failed, or was not over by `until` (monotonic)."""
    fields: dict[str, Any] = {}
    trouble: list[str] = []
    for name, look in looks.items():
        try:
            found = look.result(max(0.0, until - time.monotonic()))
        except TimeoutError:
            trouble.append(f"{name} could not be looked at in time.")
        except Exception as error:  # noqa: BLE001 (what is known without it must be told all the same)
            trouble.append(f"{name} could not be looked at: {type(error).__name__}.")
        else:
            fields |= found.fields
            trouble.extend(found.trouble)
    return Found(fields, tuple(plain(one)[:_LONGEST] for one in dict.fromkeys(trouble)))
