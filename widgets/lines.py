"""Widgets of one line: where am I, which list, what happened, which keys work."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.plain import cells, fit, plain
from widgets.as_high import AsHigh
from widgets.look import BOLD, CURSOR, DIM, KEY, PLAIN, RULE, Piece, line, pieces


class OneLine(Widget):
    """A line of text that knows its width only when it is drawn."""

    DEFAULT_CSS = "OneLine { height: 1; }"

    def __init__(
        self, text: str = "", *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    def show(self, text: str) -> None:
        """Show untrusted text; redrawn only when it differs."""
        text = plain(text)
        if text != self._text:
            self._text = text
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        return line(" " + self._text, width) if y == 0 else Strip.blank(width)


class Rule(OneLine):
    """` ─ title ───────── something at the right `: the top of what has a name of its own."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._right = ""

    @property
    def text(self) -> str:
        return f"{self._text}  {self._right}"

    def show_parts(self, title: str, right: str = "") -> None:
        """Both are untrusted; of what is too long the title is cut."""
        self._right = plain(right)
        self.show(title)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        right = f" {self._right}" if self._right else ""
        room = max(0, width - cells(right) - 1)
        left = f" ─ {self._text} "
        left = left if cells(left) <= room else fit(left, room)
        return pieces([(left + "─" * (room - cells(left)) + right, RULE)], width)


class Sentence(OneLine, AsHigh):
    """One sentence: on one line where it fits, else on as many as it needs, up to `MOST`."""

    DEFAULT_CSS = "Sentence { height: auto; }"
    MOST = 5

    def show(self, text: str) -> None:
        before = self._height(self.size.width)
        super().show(text)
        if self._height(self.size.width) != before:
            self.changed()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._height(width)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        texts = self._texts(width)
        text = texts[y] if y < len(texts) else ""
        if y == self.size.height - 1:
            text = " ".join(texts[y:])  # what is left is cut with a sign
        return line(" " + text, width)

    def _texts(self, width: int) -> list[str]:
        return wrap(self._text, max(10, width - 2), break_on_hyphens=False)

    def _height(self, width: int) -> int:
        return min(self.MOST, max(1, len(self._texts(width))))


class FindLine(OneLine):
    """`/ words`, the view in the middle, the count at the right."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._parts = ("", "", "")

    @property
    def text(self) -> str:
        return "  ".join(self._parts)

    def show_parts(self, query: str, view: str, count: str) -> None:
        parts = (plain(query), plain(view), plain(count))
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    @property
    def count(self) -> str:
        return self._parts[2]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        query, view, count = self._parts
        left = f" / {query}"
        middle = f"view: {view}" if view else ""
        room = width - cells(count) - 2
        start = max(21, cells(left) + 2)
        text = left
        if middle and start + 12 < room:
            text = fit(left, start) + middle
        return pieces([(fit(text, max(0, room)), PLAIN), (" ", PLAIN), (count, PLAIN)], width)


class Fact(NamedTuple):
    """One fact of line 1; the ones with the highest `rank` go first when there is no room."""

    text: str
    rank: int = 0


class HeadLine(OneLine):
    """Line 1: facts from left to right, `0 Recover` at the right end."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts: tuple[Fact, ...] = ()
        self._right = ""

    @property
    def text(self) -> str:
        return "  ".join([*(fact.text for fact in self._facts), self._right])

    def show_facts(self, facts: Sequence[Fact], right: str) -> None:
        shown = tuple(Fact(plain(fact.text), fact.rank) for fact in facts if fact.text)
        if (shown, right) != (self._facts, self._right):
            self._facts, self._right = shown, right
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        facts = list(self._facts)
        room = width - cells(self._right) - 3
        while facts and sum(cells(fact.text) + 2 for fact in facts) > room + 2:
            facts.remove(max(facts, key=lambda fact: fact.rank))
        text = fit(" " + "  ".join(fact.text for fact in facts), max(0, room + 1))
        return line(f"{text} {self._right} ", width, BOLD)


class TabLine(OneLine):
    """The lists with their digits; the one that is open stands in brackets."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs: tuple[tuple[str, str, bool], ...] = ()
        self._open = ""

    def show_tabs(self, tabs: Sequence[tuple[str, str, bool]], open_: str) -> None:
        """`tabs` are (digit, title, can be opened); `open_` is a title."""
        self._tabs, self._open = tuple(tabs), open_
        self.refresh()

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self._pieces(999))

    def render_line(self, y: int) -> Strip:
        return pieces(self._pieces(self.size.width), self.size.width)

    def _pieces(self, width: int) -> list[Piece]:
        full = sum(len(digit) + len(title) + 3 for digit, title, _ in self._tabs)
        parts: list[Piece] = []
        for digit, title, works in self._tabs:
            is_open = title == self._open
            shown = title if full <= width + 1 or is_open else ""
            label = f"{digit} {shown}".rstrip() or " "
            style = BOLD if is_open else (PLAIN if works else DIM)
            if is_open:
                parts.append((f"[{label}]" if digit.strip() else f" [{title}] ", style))
            else:
                parts.append((f" {label} ", style))
        if parts and not parts[-1][0].endswith("]"):
            parts[-1] = (parts[-1][0].rstrip(), parts[-1][1])
        return parts


class KeyHint(NamedTuple):
    """A key and its word in the last line; `works` is False where it is dim."""

    key: str
    word: str
    works: bool = True


class KeyLine(OneLine):
    """The last line: the keys that work now, as many as fit; `?` always."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hints: tuple[KeyHint, ...] = ()

    @property
    def text(self) -> str:
        return "  ".join(f"{hint.key} {hint.word}" for hint in self._hints)

    def show_hints(self, hints: Sequence[KeyHint]) -> None:
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        last = [hint for hint in self._hints if hint.key == "?"]
        hints = [hint for hint in self._hints if hint.key != "?"]
        while hints and sum(_width(hint) for hint in (*hints, *last)) > width + 1:
            hints.pop()
        parts: list[Piece] = [(" ", PLAIN)]
        for hint in (*hints, *last):
            key: Style = KEY if hint.works else DIM
            parts += [
                (hint.key, key),
                (f" {hint.word}", PLAIN if hint.works else DIM),
                ("  ", PLAIN),
            ]
        return pieces(parts[:-1], width)


def _width(hint: KeyHint) -> int:
    return cells(hint.key) + cells(hint.word) + 3


class SideBar(Widget):
    """From 100 columns on: the lists from top to bottom, the open one marked."""

    DEFAULT_CSS = "SideBar { width: 14; height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: tuple[tuple[str, str, bool] | None, ...] = ()
        self._open = ""

    def show_entries(self, entries: Sequence[tuple[str, str, bool] | None], open_: str) -> None:
        """As TabLine.show_tabs; None is a line between two sets."""
        self._entries, self._open = tuple(entries), open_
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0 or y > len(self._entries):
            return Strip.blank(width)
        entry = self._entries[y - 1]
        if entry is None:
            return pieces([(" " + "─" * (width - 3), PLAIN)], width)
        digit, title, works = entry
        is_open = title == self._open
        sign = ">" if is_open else " "
        style = CURSOR if is_open else (PLAIN if works else DIM)
        return pieces([(f" {sign}{digit or ' '} {title}", style)], width)
