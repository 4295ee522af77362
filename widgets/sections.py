"""Sections of rows below one another, with one cursor through all of them.

A row has a key that stays the same when the rest changes, so that nobody loses the place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar, Final, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.words import count_words
from widgets.look import CURSOR, PLAIN, line

FOLDED: Final = "folded"
"""The key of the row that stands for several."""

_MARGIN: Final = 3  # ` > `: the cursor's sign, so that nothing hangs on colour
_GAP: Final = 2
_NARROW: Final = 60  # columns below which texts stand below their titles
_LEAST: Final = 8  # cells for a text, however narrow


class Entry(NamedTuple):
    """A row: a sign at the left (`BAD`, `[x]`, `1`), a title, and beside it a text."""

    key: str
    sign: str
    title: str
    text: str = ""


class Section(NamedTuple):
    """`signs`: cells for the signs; `most`: of 100 columns, how many titles may have.

    `folds`: where there is no room for everything, its rows with the sign `ok` become one.
    """

    title: str
    entries: tuple[Entry, ...]
    signs: int
    most: int = 65
    folds: bool = False


class _Drawn(NamedTuple):
    text: str
    key: str = ""


class _Looks(NamedTuple):
    """`folded`: rows that are well are one; `blanks` between sections; `cut`: a text has no more
    lines than its title, as in a list.
    """

    folded: bool
    blanks: bool
    cut: bool = False


_LOOKS: Final = (
    _Looks(folded=False, blanks=True),
    _Looks(folded=True, blanks=True),
    _Looks(folded=True, blanks=False),
    _Looks(folded=True, blanks=False, cut=True),
)
"""The first that has room is taken, else the last."""


class Sections(Widget, can_focus=True):
    """Sentences, then sections. What does not fit is scrolled to, and its lines are counted."""

    DEFAULT_CSS = "Sections { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "one down", show=False),
        Binding("up,k", "move(-1)", "one up", show=False),
        Binding("pagedown", "page(1)", "a page down", show=False),
        Binding("pageup", "page(-1)", "a page up", show=False),
        Binding("home", "end(0)", "first row", show=False),
        Binding("end", "end(-1)", "last row", show=False),
    ]

    @dataclass
    class Moved(Message):
        """The cursor stands on another row; `by_hand`: somebody has moved it there."""

        key: str
        by_hand: bool

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sentences: tuple[str, ...] = ()
        self._sections: tuple[Section, ...] = ()
        self._first = ""
        self._key = ""
        self._moved = False  # by a person: until then the cursor goes where it is put
        self._drawn: list[_Drawn] = []
        self._keys: list[str] = []
        self._top = 0
        self.times_drawn = 0

    # --- what it shows -----------------------------------------------------------------

    def show(self, sentences: Sequence[str], sections: Sequence[Section], first: str = "") -> None:
        """`first`: the key where the cursor stands until somebody moves it."""
        given = (tuple(sentences), tuple(sections), first)
        if given != (self._sentences, self._sections, self._first):
            self._sentences, self._sections, self._first = given
            self._lay_out()

    @property
    def key(self) -> str:
        """The row under the cursor; "" where there is none."""
        return self._key

    @property
    def text(self) -> str:
        """All of it, also what has no room."""
        return "\n".join(drawn.text for drawn in self._drawn)

    def go_to(self, key: str) -> None:
        """As if somebody had moved there."""
        if key in self._keys:
            self._moved = True
            self._put(key)

    def begin_anew(self) -> None:
        """What is shown next is about something else: the cursor begins where it is put."""
        self._moved, self._top = False, 0

    # --- laying out --------------------------------------------------------------------

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        before, at = self._key, self._keys.index(self._key) if self._key in self._keys else 0
        for looks in _LOOKS:
            self._drawn = list(self._lines(width, looks))
            if len(self._drawn) <= height:
                break
        self._keys = list(dict.fromkeys(drawn.key for drawn in self._drawn if drawn.key))
        self.times_drawn += 1
        if self._moved:
            key = before if before in self._keys else self._near(before, at)
            self._put(key)
        else:
            self._top = 0
            gone = self._first and self._first not in self._keys  # folded: nobody would see it
            first = self._near(self._first, 0) if gone else self._first
            fits = self._last_line(first) < self._room(0)
            self._put(first if fits else next(iter(self._keys), ""), scrolls=False)
        self.refresh()

    def _near(self, before: str, at: int) -> str:
        """Where the cursor goes when its row is there no more: what it was folded into, or next."""
        folds = any(entry.key == before for each in self._sections for entry in each.entries)
        if folds and FOLDED in self._keys:
            return FOLDED
        return self._keys[min(at, len(self._keys) - 1)] if self._keys else ""

    def _lines(self, width: int, looks: _Looks) -> Iterator[_Drawn]:
        room = max(_LEAST, width - 2)
        for sentence in self._sentences:
            yield from (_Drawn(f" {text}") for text in _wrapped(sentence, room))
        for section in self._sections:
            if looks.blanks:
                yield _Drawn("")
            if section.title:
                yield from (_Drawn(f" {text}") for text in _wrapped(section.title, room))
            yield from _rows(_folded(section) if looks.folded else section, width, cut=looks.cut)

    # --- the cursor --------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        if self._keys:
            at = self._keys.index(self._key) + rows if self._key in self._keys else 0
            self._go(at)

    def action_page(self, pages: int) -> None:
        """A page of lines; the cursor goes along."""
        if not self._keys:
            return
        line = self._first_line(self._key) + pages * max(1, self.size.height - 2)
        near = min(self._keys, key=lambda key: abs(self._first_line(key) - line))
        at = self._keys.index(near)
        here = self._keys.index(self._key)
        self._go(at if at != here else here + pages)

    def action_end(self, end: int) -> None:
        self._go(-1 if end == 0 else len(self._keys) - 1)

    def _go(self, at: int) -> None:
        if not self._keys:
            return
        self._moved = True
        if at < 0:
            self._top = 0  # above the first row stand the sentences, perhaps more than fit with it
        self._put(self._keys[max(0, min(len(self._keys) - 1, at))], scrolls=at >= 0)
        self.refresh()

    def _put(self, key: str, *, scrolls: bool = True) -> None:
        changed, self._key = key != self._key, key
        if scrolls and key:
            first, last = self._first_line(key), self._last_line(key)
            if last - self._top >= self._room(self._top):
                self._top = last - self.size.height + 1
                self._top += last - self._top >= self._room(self._top)
            self._top = max(0, min(self._top, first))
        self._top = max(0, min(self._top, len(self._drawn) - self.size.height))
        self._place_hardware_cursor()
        if changed:
            self.refresh()
            self.post_message(self.Moved(key, self._moved))

    def _first_line(self, key: str) -> int:
        return next((at for at, drawn in enumerate(self._drawn) if drawn.key == key), 0)

    def _last_line(self, key: str) -> int:
        found = [at for at, drawn in enumerate(self._drawn) if drawn.key == key]
        return found[-1] if found else 0

    def _room(self, top: int) -> int:
        """Lines from `top` on that are shown; one is for the count of what is below."""
        height = self.size.height
        return height - 1 if len(self._drawn) > top + height and height > 1 else height

    def _place_hardware_cursor(self) -> None:
        """For screen readers and braille lines: the terminal's cursor sits on the row."""
        if self.has_focus and self._key:
            y = self._first_line(self._key) - self._top
            self.app.cursor_position = Offset(self.region.x + 1, self.region.y + max(0, y))

    def on_focus(self) -> None:
        self._place_hardware_cursor()

    def on_click(self, event: events.Click) -> None:
        at = self._top + event.y
        if at < len(self._drawn) and self._drawn[at].key:
            self.go_to(self._drawn[at].key)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-1)

    # --- drawing -----------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        room = self._room(self._top)
        if y == room:
            more = count_words(len(self._drawn) - self._top - room, "more line", "more lines")
            return line(f" {more} below", width)
        at = self._top + y
        if at >= len(self._drawn):
            return Strip.blank(width)
        drawn = self._drawn[at]
        if not drawn.key or drawn.key != self._key:
            return line(drawn.text, width, PLAIN)
        text = drawn.text
        if at == self._first_line(drawn.key):
            text = f" > {text[_MARGIN:]}"
        return line(text, width, CURSOR)


def _folded(section: Section) -> Section:
    """Rows that are well, as one row at their end."""
    well = [entry for entry in section.entries if entry.sign == "ok"]
    if not section.folds or len(well) < 2:
        return section
    rest = tuple(entry for entry in section.entries if entry.sign != "ok")
    titles = ", ".join(entry.title for entry in well)
    return section._replace(entries=(*rest, Entry(FOLDED, "ok", titles)))


def _rows(section: Section, width: int, *, cut: bool) -> Iterator[_Drawn]:
    left = _MARGIN + section.signs + 1
    room = max(_LEAST, width - left)
    column = 0 if width < _NARROW else _column(section, room, cut=cut)
    for entry in section.entries:
        sign = " " * _MARGIN + fit(plain(entry.sign), section.signs) + " "
        for at, text in enumerate(_entry(entry, column, room, cut=cut)):
            yield _Drawn((sign if at == 0 else " " * left) + text, entry.key)


def _column(section: Section, room: int, *, cut: bool) -> int:
    """How wide titles are: so that the whole is lowest, and then as narrow as can be."""
    titled = [entry for entry in section.entries if entry.text]
    longest = max((cells(plain(entry.title)) for entry in titled), default=0) + _GAP
    most = min(longest, max(_LEAST, room * section.most // 100))

    def height(column: int) -> int:
        return sum(len(_entry(entry, column, room, cut=cut)) for entry in titled)

    return min(range(min(_LEAST + _GAP, most), most + 1), key=height, default=most)


def _entry(entry: Entry, column: int, room: int, *, cut: bool) -> list[str]:
    """The lines of a row; without a column the text stands below its title."""
    if not entry.text:
        return _wrapped(entry.title, room)
    if not column:
        below = _wrapped(entry.text, max(_LEAST, room - _GAP))
        return [*_wrapped(entry.title, room), *(" " * _GAP + text for text in below)]
    titles = _wrapped(entry.title, column - _GAP)
    beside = max(_LEAST, room - column)
    texts = _wrapped(entry.text, beside)
    if cut and len(texts) > len(titles):
        last = " ".join(texts[len(titles) - 1 :])
        texts = [*texts[: len(titles) - 1], fit(last, beside)]
    pairs = zip_longest(titles, texts, fillvalue="")
    return [(fit(title, column) + text).rstrip() for title, text in pairs]


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(plain(text), width, break_on_hyphens=False) or [""]
