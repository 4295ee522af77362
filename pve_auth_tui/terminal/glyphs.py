# ruff: noqa: RUF001 (signs that look like others are what this file is about)
"""Show every character in what the terminal has, cell for cell.

A line filter sees what every widget draws, Textual's own too, at the last moment. Signs are
replaced by ones that look alike (`╭` by `┌`, on a plain terminal by `+`); a letter that cannot
be shown becomes `?` and never another letter: `röot` must not read `root`. The number of
cells never changes. Whatever `core.plain` should have spelled out and did not is stopped
here as well: no control character reaches the terminal inside a text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final
from unicodedata import category

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from pve_auth_tui.terminal.profile import Profile

_ASCII: Final = frozenset(map(chr, range(0x20, 0x7F)))
CP437: Final = _ASCII | frozenset(bytes(range(0x80, 0x100)).decode("cp437")) | frozenset("▲▼◄►•")
# What CP437 has and yet a font that Debian's console-setup loads may lack (all Lat15 fonts of
# its release 1.221 were read). Counts where the console's font is not known.
_RARE: Final = frozenset("\xa0ΓΘΣΦΩαδεστφ₧∙√∞∩≡⌐⌠⌡▀▄▌▐▓►◄")
_UNKNOWN: Final = "?"

# Signs, then what they may be replaced by in order of likeness, ASCII last.
_LIKE: Final = {
    sign: likes
    for signs, likes in (
        line.split()
        for line in """
        ─━═╌╍┄┅┈┉╴╶╸╺╼╾—―⎯▔🭶🭷     ─-
        │┃║╎╏┆┇┊┋╵╷╹╻╽╿             │|
        ╭┌┍┎┏╒╓╔                    ┌+
        ╮┐┑┒┓╕╖╗                    ┐+
        ╰└┕┖┗╘╙╚                    └+
        ╯┘┙┚┛╛╜╝                    ┘+
        ├┝┞┟┠┡┢┣╞╟╠                 ├+
        ┤┥┦┧┨┩┪┫╡╢╣                 ┤+
        ┬┭┮┯┰┱┲┳╤╥╦                 ┬+
        ┴┵┶┷┸┹┺┻╧╨╩                 ┴+
        ┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╪╫╬         ┼+
        ╱                           /
        ╲                           \\
        ╳                           X
        ▏▎▍▌▋▊▉                     ▌│|
        ▕▐🮇🮈🮉🮊🮋                     ▐│|
        ▁▂▃▄                        ▄_
        ▅▆▇█                        █#
        ▀                           ▀█#
        ▘▝▖▗                        ·.
        ▙▛▜▟▚▞                      █#
        ░                           .
        ▒                           ░:
        ▓                           ▒#
        ■▪◼                         ■#
        □▫◻                         □o
        ►▶▸▷❯›⮞🡒                    ►▶>
        ◄◀◂◁❮‹⮜                     ◄◀<
        ▲▴△                         ▲^
        ▼▾▽                         ▼v
        →⇒⟶⟹➜                       →>
        ←⇐⟵⟸                        ←<
        ↑⇑                          ↑^
        ↓⇓                          ↓v
        ↔⇔                          ↔=
        ✓✔√                         √+
        ✗✘✕✖×                       ×x
        •●◉⬤⏺                       •*
        ·∙⋅                         ·.
        ○◯⭘◦◌                       ○o
        ◆◇♦★☆                       ♦*
        …⋯                          …~
        ‐‑‒–−                       –-
        ‘’‚′                        '
        “”„″                        "
        «                           «<
        »                           »>
        ≤                           ≤<
        ≥                           ≥>
        ≈                           ≈~
        ⚠                           !
        """.splitlines()
        if line.strip()
    )
    for sign in signs
}


def translator(profile: Profile) -> Callable[[str], str]:
    """The function that turns any text into what the profile can show, in as many cells."""
    if profile.glyphs == "unicode":
        signs: Callable[[str], str] = _printable
        wide = True
    else:
        signs = _Signs(_shown(profile)).__getitem__
        wide = False

    @lru_cache(maxsize=8192)
    def translate(text: str) -> str:
        if text.isascii() and text.isprintable():
            return text
        shown = "".join(_cells(text, signs, wide))
        cells = cell_len(text)
        # Rich counts what a joiner or variation selector joins as one. We do not draw such.
        return shown if cell_len(shown) == cells else _UNKNOWN * cells

    return translate


class GlyphFilter(LineFilter):
    """Translates the text of all that is drawn for a profile."""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self._translate = translator(profile)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        translate = self._translate
        return [
            segment if segment.control else Segment(translate(segment.text), segment.style)
            for segment in segments
        ]


class _Signs(dict[str, str]):
    """What stands for a character of one cell, found out once for each."""

    def __init__(self, shown: frozenset[str]) -> None:
        super().__init__()
        self._shown = shown

    def __missing__(self, sign: str) -> str:
        likes = " " if category(sign) == "Zs" else sign + _LIKE.get(sign, _UNKNOWN)
        self[sign] = next((like for like in likes if like in self._shown), _UNKNOWN)
        return self[sign]


def _shown(profile: Profile) -> frozenset[str]:
    if profile.glyphs == "ascii":
        return _ASCII
    if profile.font is None:
        return CP437 - _RARE
    return _ASCII | {c for c in profile.font if c.isprintable() and cell_len(c) == 1}


def _printable(sign: str) -> str:
    return sign if sign.isprintable() else " " if category(sign) == "Zs" else _UNKNOWN


def _cells(text: str, signs: Callable[[str], str], wide: bool) -> list[str]:
    """The text's cells; with `wide` those of two columns and combining marks may stay."""
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        if width == 1:
            cells.append(signs(character))
        elif width == 2:
            blank = category(character) == "Zs"
            keep = wide and not blank
            cells.append(signs(character) if keep else "  " if blank else _UNKNOWN + " ")
        elif wide and character.isprintable():
            cells.append(character)
        elif cells and category(character).startswith("M"):
            cells[-1] = _UNKNOWN + cells[-1][1:]  # the letter without its mark is another one
    return cells
