"""Distinguished names (RFC 4514), as far as a directory compares them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

_ESCAPED: Final = re.compile(r"\\([0-9a-fA-F]{2}|.)", re.DOTALL)
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)*")
_SPECIAL: Final = re.compile(r'[,+"\\<>;=]')
_MOST: Final = 8192  # characters

Name = tuple[str, ...]
"""Parts for comparing, the entry's own first; () is the root."""


class BadName(ValueError):
    """This is no distinguished name."""


class Part(NamedTuple):
    """One relative name: `CN` and `Anna Admin`, as written."""

    type: str
    value: str


@lru_cache(maxsize=65536)
def compared(text: str) -> Name:
    """What two ways of writing one name have in common. Raises BadName."""
    return tuple(f"{part.type.lower()}={part.value.casefold()}" for part in parts(text))


def parts(text: str) -> list[Part]:
    """Of a name as text; `+` in a part stays in its value. Raises BadName."""
    if len(text) > _MOST:
        raise BadName(text[:80])
    if not text.strip():
        return []
    found = []
    for piece in _split(text):
        kind, sign, value = piece.partition("=")
        if not sign or not _TYPE.fullmatch(kind.strip()):
            raise BadName(text)
        found.append(Part(kind.strip(), _unescaped(value.strip())))
    return found


def escaped(value: str) -> str:
    """A value as it stands in a name."""
    text = _SPECIAL.sub(lambda found: f"\\{found[0]}", value)
    text = f"\\{text}" if text[:1] in ("#", " ") else text
    return f"{text[:-1]}\\ " if text.endswith(" ") and len(text) > 1 else text


def _split(text: str) -> list[str]:
    """At each comma (or semicolon, the old way) that stands for itself."""
    pieces, start, place = [], 0, 0
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] in ",;":
            pieces.append(text[start:place])
            start = place + 1
        place += 1
    return [*pieces, text[start:]]


def _unescaped(value: str) -> str:
    def one(found: re.Match[str]) -> str:
        sign = found[1]
        return chr(int(sign, 16)) if len(sign) == 2 else sign

    if "\\" not in value:
        return value
    octets = _ESCAPED.sub(one, value)
    try:  # pairs of digits are octets of UTF-8; letters beside them are themselves
        return octets.encode("latin-1").decode()
    except UnicodeError:
        return octets
