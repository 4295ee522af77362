"""One line about the state of something: a word of fixed width, a sentence, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Word = Literal["ok", "LOOK", "BAD", "-"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a finding points: the name of a list (`users`, `acl`, ...) and a row's key in it."""

    listing: str
    key: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is one line; `fix` the next step; `target` what Enter opens, if anything."""

    word: Word
    text: str
    fix: str = ""
    target: Target | None = None
