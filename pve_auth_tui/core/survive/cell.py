"""What a trouble makes of a way in: yes, no or not known, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Word = Literal["yes", "no", "unknown"]

SHOWN: Final[dict[Word, str]] = {"yes": "yes", "no": "NO", "unknown": "?"}
"""In a table."""

_WORST_FIRST: Final[tuple[Word, ...]] = ("no", "unknown", "yes")


class Cell(NamedTuple):
    """`word`: whether that way in still works then; `why`: a clause."""

    word: Word
    why: str


def yes(why: str) -> Cell:
    return Cell("yes", why)


def no(why: str) -> Cell:
    return Cell("no", why)


def unknown(why: str) -> Cell:
    return Cell("unknown", why)


def all_of(cells: Iterable[Cell]) -> Cell:
    """What holds for a login that needs each: the worst word, with every reason for that."""
    found = tuple(cells)
    word = next(word for word in _WORST_FIRST if any(one.word == word for one in found))
    reasons = dict.fromkeys(one.why for one in found if one.word == word)
    return Cell(word, ", and ".join(reasons))
