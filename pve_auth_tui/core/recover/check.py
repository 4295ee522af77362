"""One line of a diagnosis."""

from __future__ import annotations

from typing import NamedTuple

from pve_auth_tui.core.finding import Word


class Check(NamedTuple):
    """A line of the diagnosis: what was looked at, and what was found. `more` lines open it."""

    word: Word
    subject: str
    text: str
    more: tuple[str, ...] = ()
