"""How large a QR code gets, before it is drawn (ISO/IEC 18004)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

QUIET: Final = 2  # modules of white around it: enough for cameras (measured, fido.md 5)
ROWS: Final = 21  # what a terminal of 80x24 has left for one

Kind = Literal["digits", "letters", "bytes"]

_PATTERNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("digits", re.compile(r"[0-9]{20,}")),
    ("letters", re.compile(r"[0-9A-Z $%*+\-./:]{20,}")),
)
# Code words for data at error correction level L, by version 1, 2, ...: side 21, 25, ...
_CAPACITY: Final = (
    *(19, 34, 55, 80, 108, 136, 156, 194, 232, 274, 324, 370, 428, 461, 523, 589, 647, 721),
    *(795, 861, 932, 1006, 1094, 1174, 1276, 1370, 1468, 1531, 1631, 1735, 1843, 1955),
    *(2071, 2191, 2306, 2434, 2566, 2702, 2812, 2956),
)
_LENGTHS: Final = {"digits": (10, 12, 14), "letters": (9, 11, 13), "bytes": (8, 16, 16)}
"""Bits of a piece's length in versions 1 to 9, to 26, to 40."""


def qr_side(text: str) -> int:
    """Modules along a side of the QR code (level L, without the white around it); 0: too long.

    Counted as the library `qrcode` builds it: runs of 20 and more capital letters and digits,
    such as a secret, take 5.5 bits a character instead of 8.
    """
    pieces = list(_pieces(text))
    for version, words in enumerate(_CAPACITY, 1):
        size = (version > 9) + (version > 26)
        if sum(_bits(kind, piece, size) for kind, piece in pieces) <= words * 8:
            return 17 + 4 * version
    return 0


def qr_rows(text: str) -> int:
    """Lines of a terminal that it takes with half blocks, two modules each, white included."""
    return (qr_side(text) + 2 * QUIET + 1) // 2


def fits_screen(text: str) -> bool:
    """Whether its QR code has room on a terminal of 80x24."""
    return qr_side(text) > 0 and qr_rows(text) <= ROWS


def _bits(kind: Kind, piece: str, size: int) -> int:
    header = 4 + _LENGTHS[kind][size]
    match kind:
        case "digits":
            return header + len(piece) // 3 * 10 + (0, 4, 7)[len(piece) % 3]
        case "letters":
            return header + len(piece) // 2 * 11 + len(piece) % 2 * 6
    return header + 8 * len(piece.encode())


def _pieces(text: str, level: int = 0) -> Iterator[tuple[Kind, str]]:
    """The text cut into runs that take fewer bits, and what lies between them."""
    if level == len(_PATTERNS):
        if text:
            yield "bytes", text
        return
    kind, pattern = _PATTERNS[level]
    end = 0
    for found in pattern.finditer(text):
        yield from _pieces(text[end : found.start()], level + 1)
        yield kind, found.group()
        end = found.end()
    yield from _pieces(text[end:], level + 1)
