"""A line to type into."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.geometry import Offset, Region
from textual.widgets import Input

_STEP = 64


class TextField(Input):
    """Textual's Input without a frame; tells the app that printable keys are text here."""

    types_text: ClassVar[bool] = True

    @property
    def content_width(self) -> int:
        """In steps: Textual lays the whole screen out anew whenever this changes."""
        return -(-super().content_width // _STEP) * _STEP

    def on_resize(self) -> None:
        """What was put there before it had a width shows its end, or all of it."""
        self.scroll_to_region(Region(self._cursor_offset, 0, 1, 1), force=True, animate=False)

    def scroll_to_region(self, region: Region, **options: Any) -> Offset:
        """Nothing is scrolled out of sight that has room: Textual leaves a column or more out."""
        if super().content_width <= self.size.width:
            region = Region(0, 0, 1, 1)
        return super().scroll_to_region(region, **options)

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(value, compact=True, id=id)
