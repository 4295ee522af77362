"""What one family of recordings gave: how many answers of ours are equal to PVE's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass
class Family:
    """`differences` are one line each; `equal` of `total` recorded answers are ours, too.

    `left_out`: what was recorded but is not counted, one line for each reason.
    `artefacts`: the names of those that were met.
    """

    name: str
    total: int
    equal: int
    differences: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    artefacts: frozenset[str] = frozenset()


def not_counted(reasons: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The lines of `left_out`: reason -> what it holds for."""
    return tuple(f"{', '.join(which)}: {reason}" for reason, which in reasons.items())
