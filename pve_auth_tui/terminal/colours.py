"""Bring colours down to what every console shows, or to none at all.

Sixteen colours: only SGR 30-37 and 40-47 are written. Bright ones are not to be had
everywhere (a VGA console with a 512-glyph font shows bright black as black, bright
backgrounds are lost on any console), so they become the plain ones, bold for text. Text
never vanishes in its background, and nothing is said by dim, italic or blinking text.
No colours: bold, underline and reverse are left; what stands out by its background, above
all the row under the cursor, is shown in reverse.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache
from typing import Final

from rich.color import Color as Ink
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_BLACK: Final = 0
_WHITE: Final = 7
_BRIGHT_BLACK: Final = 8
# Backgrounds on which black reads better than white: green, yellow, cyan, white.
_LIGHT: Final = frozenset({2, 3, 6, 7})


class _StyleFilter(LineFilter):
    """Gives every segment another style. `mouse`: keep what a click needs to know."""

    def __init__(self, *, mouse: bool) -> None:
        super().__init__()
        self._mouse = mouse

    @staticmethod
    @abstractmethod
    def restyled(
        text: Ink | None, ground: Ink | None, bold: bool, underline: bool, reverse: bool
    ) -> Style:
        """The style that stands for a text and a background colour and three attributes."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.style is None or segment.control
            else Segment(segment.text, self._style(segment.style))
            for segment in segments
        ]

    def _style(self, style: Style) -> Style:
        new = self.restyled(
            style.color,
            style.bgcolor,
            bool(style.bold),
            bool(style.underline or style.underline2),
            bool(style.reverse),
        )
        return new + Style.from_meta(style.meta) if self._mouse and style.meta else new


class SixteenFilter(_StyleFilter):
    """Sixteen colours and fewer."""

    @staticmethod
    @lru_cache(maxsize=1024)
    def restyled(
        text: Ink | None, ground: Ink | None, bold: bool, underline: bool, reverse: bool
    ) -> Style:
        front, back = _named(text), _named(ground)
        bold = bold or (front is not None and front > _BRIGHT_BLACK)
        front = None if front is None or front == _BRIGHT_BLACK else front % 8
        back = None if back is None else back % 8
        if back is None:
            # The terminal's own background may be black or white; its own text fits it.
            front = None if front in (_BLACK, _WHITE) else front
        elif front is None or front == back:
            front = _BLACK if back in _LIGHT else _WHITE
        return Style(
            color=None if front is None else Ink.from_ansi(front),
            bgcolor=None if back is None else Ink.from_ansi(back),
            bold=bold or None,
            underline=underline or None,
            reverse=reverse or None,
        )


class MonoFilter(_StyleFilter):
    """No colours at all."""

    @staticmethod
    @lru_cache(maxsize=1024)
    def restyled(
        text: Ink | None, ground: Ink | None, bold: bool, underline: bool, reverse: bool
    ) -> Style:
        back = _named(text, _WHITE) if reverse else _named(ground)
        stands_out = back not in (None, _BLACK, _BRIGHT_BLACK)
        return Style(bold=bold or None, underline=underline or None, reverse=stands_out or None)


def _named(colour: Ink | None, default: int | None = None) -> int | None:
    """The nearest of the sixteen named colours by number; `default` for the terminal's own."""
    if colour is None or colour.is_default:
        return default
    return colour.downgrade(ColorSystem.STANDARD).number
