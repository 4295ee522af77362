"""Untrusted text made safe to show (security.md R19).

Names, comments and values of PVE's files come from directories, identity providers and
other admins. Shown raw they could move the cursor, turn the reading direction round or
hide in no cell at all. `plain` leaves what a person can read and spells out the rest.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal
from unicodedata import category, east_asian_width

from pve_auth_tui.core.lookalike import reads_as

_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

# Printable by Unicode's category, and yet not to be trusted in a row of cells.
_HIDDEN: Final = (
    (0x034F, 0x034F),  # combining grapheme joiner: no width, no look
    (0x1100, 0x11FF),  # conjoining Hangul parts (fillers among them) melt into one another
    (0x17B4, 0x17B5),  # Khmer inherent vowels: no look
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x2630, 0x2637),  # trigrams and the like: terminals do not agree on their width
    (0x268A, 0x268F),
    (0x2800, 0x2800),  # Braille blank looks like a space
    (0x302A, 0x302F),  # ideographic tone marks: wide by one table, without width by another
    (0x3164, 0x3164),  # Hangul filler
    (0x4DC0, 0x4DFF),
    (0xA960, 0xA97F),  # conjoining Hangul
    (0xD7B0, 0xD7FF),
    (0xFE00, 0xFE0F),  # variation selectors: change the width of what is before them
    (0xFFA0, 0xFFA0),
    (0x16FF0, 0x16FF1),
    (0x1D300, 0x1D37F),
    (0x1F1E6, 0x1F1FF),  # two regional indicators are one flag, or two letters
    (0x1F3FB, 0x1F3FF),  # skin tones melt into the sign before them
    (0xE0000, 0xE0FFF),  # tags and further variation selectors
)
_ROOT: Final = "root@pam"
_MOST_MARKS: Final = 3  # on one letter; more is no script but a way to paint over other lines


def plain(text: str) -> str:
    r"""The text with everything invisible or harmful as a visible escape.

    `\n`, `\r`, `\t`, `\x1b`, `\u202e`, `\U000e0041` stand for control characters, reading
    direction controls, characters without width or look, separators other than the space,
    surrogates, private and unassigned code points, and combining marks that stand on no
    letter (or as the fourth on one). The result is one line, all printable, and its own
    `plain`. A backslash stays as it is: DNs are full of them.
    """
    if text.isascii() and text.isprintable():
        return text
    return _spelled_out(text)


@lru_cache(maxsize=4096)
def _spelled_out(text: str) -> str:
    out: list[str] = []
    marks = _MOST_MARKS  # so many that another one is too many: nothing to stand on yet
    for character in text:
        match _kind(character):
            case "letter":
                marks = 0
            case "mark" if marks < _MOST_MARKS:
                marks += 1
            case "other":
                marks = _MOST_MARKS
            case _:
                out.append(_escape(character))
                marks = _MOST_MARKS
                continue
        out.append(character)
    return "".join(out)


@lru_cache(maxsize=4096)
def _kind(character: str) -> Literal["letter", "mark", "other", "hidden"]:
    kind, code = category(character), ord(character)
    if (
        not character.isprintable()
        or kind == "Me"
        or any(first <= code <= last for first, last in _HIDDEN)
    ):
        return "hidden"
    return "letter" if kind[0] == "L" else "mark" if kind[0] == "M" else "other"


def _escape(character: str) -> str:
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def fit(text: str, width: int) -> str:
    """`plain` text cut or padded to exactly `width` cells of a terminal.

    What is cut ends in `…`. Width by Unicode's table: East Asian wide and full width
    characters take two cells, combining marks none, all others one. A wide character that
    would stand half outside is left out and a space stands for it.
    """
    if text.isascii():
        return text.ljust(width) if len(text) <= width else _cut(text, width)
    room = width - cells(text)
    return text + " " * room if room >= 0 else _cut(text, width)


def cells(text: str) -> int:
    """How many cells of a terminal `plain` text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _cut(text: str, width: int) -> str:
    if width < 1:
        return ""
    used, end = 0, 0
    for end, character in enumerate(text):  # noqa: B007 (where it is cut)
        step = _width(character)
        if used + step > width - 1:
            break
        used += step
    return text[:end] + "…" + " " * (width - 1 - used)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if category(character).startswith("M"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def file_part(text: str) -> str:
    """A name as part of a file's: other than ASCII's letters, digits, dots and dashes is `_`."""
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "_" for c in text)


def suspicious(userid: str, administrators: frozenset[str] = frozenset()) -> str | None:
    """One sentence when the userid may be taken for something it is not (R19, R24), or None.

    `administrators` are the userids worth imitating; `root@pam` always is one of them.
    The sentence is plain text and never repeats the userid.
    """
    name = userid.rpartition("@")[0]
    if plain(userid) != userid:
        return "The name has characters that do not show."
    if "@" in name:
        for administrator in (_ROOT, *administrators):
            if administrator in name:
                return f"The name contains {plain(administrator)}, which is another account."
    imitated = _by_look(administrators).get(reads_as(name), set())
    if imitated and name not in imitated:
        return f"Reads like {plain(min(imitated))}, but is another name."
    if not userid.isascii():
        return "The name has letters outside ASCII."
    if odd := sorted(set("?#%!").intersection(name)):
        return f"The name has {' and '.join(odd)}, which addresses and tools do not take literally."
    if name.startswith("-"):
        return "The name starts with a dash, so commands take it for an option."
    if name.startswith("@"):
        return "The name starts with @, so it looks like a group."
    return None


@lru_cache(maxsize=4)
def _by_look(administrators: frozenset[str]) -> dict[str, set[str]]:
    """The names worth imitating, by what they look like."""
    names: dict[str, set[str]] = {}
    for userid in (_ROOT, *administrators):
        name = userid.rpartition("@")[0]
        names.setdefault(reads_as(name), set()).add(name)
    return names
