"""One line about the state of something: a word of fixed width, a sentence, what to do."""

from __future__ import annotations

from typing import Literal, NamedTuple

Word = Literal["ok", "LOOK", "BAD", "-"]


class Target(NamedTuple):
    """Where a finding points: the name of a list (`users`, `acl`, ...) and a row's key in it."""

    listing: str
    key: str = ""
    query: str = ""


class Finding(NamedTuple):
    """`text` is one line; `fix` the next step; `target` what Enter opens, if anything."""

    word: Word
    text: str
    fix: str = ""
    target: Target | None = None
