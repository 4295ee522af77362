"""What somebody may still have of what opens the login: asked before anything is taken away."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pve_auth_tui.core.recover.situation import Situation


class Have(NamedTuple):
    """`id`: of the entry in tfa.cfg; `held` is the first guess, which a person corrects."""

    id: str
    text: str
    held: bool


def questions(situation: Situation) -> tuple[Have, ...]:
    """One for each second factor; none where there are none, or nobody knows."""
    return ()


def guessed(asked: Collection[Have]) -> frozenset[str]:
    """The ids of what is held, unless somebody says otherwise."""
    return frozenset(one.id for one in asked if one.held)
