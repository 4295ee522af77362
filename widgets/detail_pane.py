"""The row under the cursor, in words."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import fit, plain
from widgets.as_high import AsHigh
from widgets.look import PLAIN, RULE, line, pieces

_HEADING = 9


def wrapped(lines: Sequence[Line], width: int) -> list[str]:
    """The lines as plain texts of at most `width` cells; headings stand in a column."""
    headed = any(entry.heading for entry in lines)
    indent = max([_HEADING, *(len(plain(entry.heading)) + 1 for entry in lines)]) if headed else 0
    indent = min(indent, 20)
    texts: list[str] = []
    for entry in lines:
        word = f"{entry.word:<5} " if entry.word else ""
        left = fit(plain(entry.heading), indent) if entry.heading else ""
        if entry.heading and not entry.text:
            texts.append(left.rstrip())
            continue
        room = max(8, width - (indent if entry.heading else 0) - len(word))
        body = wrap(
            plain(entry.text), room, break_on_hyphens=False, drop_whitespace=True,
            replace_whitespace=False,
        ) or [""]  # fmt: skip
        margin = " " * (len(left) + len(word))
        texts += [(left + word if at == 0 else margin) + text for at, text in enumerate(body)]
    return texts


class DetailPane(Widget):
    """A rule with a heading, then as many lines as fit."""

    DEFAULT_CSS = "DetailPane { height: 8; }"
    MORE: ClassVar[str] = "enter opens them"
    """Where the lines are that have no room."""

    heading: reactive[str] = reactive("")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._shown = ""
        self._texts: list[str] = []

    @property
    def text(self) -> str:
        return "\n".join([self.heading, *self._texts])

    def show(self, heading: str, lines: Sequence[Line]) -> None:
        if (heading, tuple(lines)) != (self._shown, self._lines):
            self._shown, self._lines = heading, tuple(lines)
            self.heading = plain(heading)
            self._wrap()

    def on_resize(self) -> None:
        self._wrap()

    def _wrap(self) -> None:
        self._texts = wrapped(self._lines, max(10, self.size.width - 2))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if y == 0:
            title = f" ─ {self.heading} " if self.heading else " "
            rule = "─" * max(0, width - len(title) - 1)
            return pieces([(fit(title + rule, max(0, width - 1)), RULE)], width)
        if y == height - 1 and len(self._texts) > height - 1:
            more = len(self._texts) - (height - 2)
            return line(f" {more} more lines: {self.MORE}", width, PLAIN)
        text = self._texts[y - 1] if y <= len(self._texts) else ""
        return line(" " + text, width, PLAIN)


class Paragraph(AsHigh):
    """Lines of facts, wrapped, as high as they need."""

    DEFAULT_CSS = "Paragraph { height: auto; }"

    def __init__(self, lines: Sequence[Line] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines = tuple(lines)

    def show(self, lines: Sequence[Line]) -> None:
        self._lines = tuple(lines)
        self.changed()

    @property
    def text(self) -> str:
        return "\n".join(wrapped(self._lines, max(10, self.size.width - 2)))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(wrapped(self._lines, max(10, width - 2)))

    def render_line(self, y: int) -> Strip:
        texts = wrapped(self._lines, max(10, self.size.width - 2))
        return line(" " + (texts[y] if y < len(texts) else ""), self.size.width)
