"""A line to type into."""

from __future__ import annotations

from typing import ClassVar

from textual.widgets import Input


class TextField(Input):
    """Textual's Input without a frame; tells the app that printable keys are text here."""

    types_text: ClassVar[bool] = True

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(value, compact=True, id=id)
