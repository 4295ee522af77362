"""A line to type into."""

from __future__ import annotations

from typing import ClassVar

from textual.widgets import Input

_STEP = 64


class TextField(Input):
    """Textual's Input without a frame; tells the app that printable keys are text here."""

    types_text: ClassVar[bool] = True

    @property
    def content_width(self) -> int:
        """In steps: Textual lays the whole screen out anew whenever this changes."""
        return -(-super().content_width // _STEP) * _STEP

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(value, compact=True, id=id)
