"""Remember what was worked out for a large immutable thing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_KEPT = 2  # the picture on the screen and the one that a reload is just making


def remembered(compute: Callable[[T], R]) -> Callable[[T], R]:
    """`compute`, with the answers for the last two arguments kept.

    Arguments are told apart by identity: snapshots and configurations are immutable, have
    no hash and are too large to be compared. Safe to call from several threads; at worst
    two of them work out the same answer.
    """
    kept: tuple[tuple[T, R], ...] = ()

    @wraps(compute)
    def remember(argument: T) -> R:
        nonlocal kept
        for known, answer in kept:
            if known is argument:
                return answer
        answer = compute(argument)
        kept = ((argument, answer), *kept[: _KEPT - 1])
        return answer

    return remember
