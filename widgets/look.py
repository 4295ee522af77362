"""How text looks: a handful of parts, the same in every widget. Colour repeats, never carries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from pve_auth_tui.core.plain import cells, fit

PLAIN: Final = Style()
BOLD: Final = Style(bold=True)
CURSOR: Final = Style(reverse=True)
RULE: Final = Style(color="cyan")
DIM: Final = Style(dim=True)
KEY: Final = Style(bold=True)
_STATES: Final = {
    "BAD": Style(color="red", bold=True),
    "LOOK": Style(color="yellow", bold=True),
    "ok": Style(color="green"),
    "NO QUORUM": Style(color="red", bold=True),
    "READ-ONLY": Style(color="yellow"),
    "DEMO": Style(color="cyan", bold=True),
    **dict.fromkeys(("GHOST", "BLOCKS", "IS ROOT", "NOTHING"), Style(color="red", bold=True)),
    **dict.fromkeys(
        ("LOCKED", "Locked", "NONE", "EXPIRED", "REPLACES", "HIDDEN", "CAPPED", "SHRINKS"),
        Style(color="yellow", bold=True),
    ),
}
_STATE = re.compile("|".join(rf"(?<!\S){re.escape(word)}(?![\w-])" for word in _STATES))

Piece = tuple[str, Style]


@lru_cache(maxsize=2048)
def with_states(text: str, base: Style) -> tuple[Segment, ...]:
    """`text` with the words of states coloured, everything else in `base`."""
    segments: list[Segment] = []
    end = 0
    for match in _STATE.finditer(text):
        if match.start() > end:
            segments.append(Segment(text[end : match.start()], base))
        segments.append(Segment(match.group(), base + _STATES[match.group()]))
        end = match.end()
    if end < len(text):
        segments.append(Segment(text[end:], base))
    return tuple(segments)


def line(text: str, width: int, base: Style = PLAIN) -> Strip:
    """`plain` text as exactly one line of `width` cells, states coloured."""
    return Strip(with_states(fit(text, width), base), width)


def pieces(parts: Iterable[Piece], width: int) -> Strip:
    """Pieces of `plain` text one after the other, cut or padded to `width` cells."""
    segments: list[Segment] = []
    room = width
    for text, style in parts:
        if room <= 0:
            break
        cut = text if cells(text) <= room else fit(text, room)
        segments.append(Segment(cut, style))
        room -= cells(cut)
    if room > 0:
        segments.append(Segment(" " * room, PLAIN))
    return Strip(segments, width)
