"""What somebody may still have of what opens the login: asked before anything is taken away."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pve_auth_tui.core.recover.factorwords import is_locked, ordered, state, thing
from pve_auth_tui.core.recover.situation import Situation


class Have(NamedTuple):
    """`id`: of the entry in tfa.cfg; `held` is the first guess, which a person corrects."""

    id: str
    text: str
    held: bool


def questions(situation: Situation) -> tuple[Have, ...]:
    """One for each second factor; none where there are none, or nobody knows.

    The guess: what is held is what works now. A locked phone is thought to be lost where a key
    works; where nothing works it is in somebody's hand, who typed too many wrong codes. Of a paper
    nobody knows.
    """
    entries = [entry for entry in ordered(situation) if entry.enable]
    keys = any(one.type == "webauthn" and state(situation, one).usable for one in entries)
    return tuple(
        Have(
            entry.id,
            thing(entry),
            entry.type != "recovery" and not (keys and is_locked(situation, entry)),
        )
        for entry in entries
    )


def guessed(asked: Collection[Have]) -> frozenset[str]:
    """The ids of what is held, unless somebody says otherwise."""
    return frozenset(one.id for one in asked if one.held)
