"""An answer: a sentence or two, the rows on which it rests, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.strip import Strip

from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.plain import cells, fit, plain
from widgets.as_high import AsHigh
from widgets.filter_table import FilterTable
from widgets.look import BOLD, PLAIN, pieces
from widgets.question import Question
from widgets.text_view import TextView

_FEWEST: Final = 4  # lines of a table that has more rows than that, its titles among them


class RowsBelow(FilterTable):
    """A table below questions: up from its first row leads to them."""

    def action_move(self, rows: int) -> None:
        if rows < 0 and self.cursor == 0:
            self.screen.focus_previous(Question)
        else:
            super().action_move(rows)

    def on_resize(self) -> None:
        """Where there is room for all rows, the first is in view."""
        self._top = max(0, min(self._top, self.count - self._page))


class Verdict(AsHigh):
    """Sentences, wrapped, as high as they need; the first word stands out."""

    DEFAULT_CSS = "Verdict { height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sentences: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self._sentences)

    def show(self, sentences: Sequence[str]) -> None:
        """Untrusted text."""
        self._sentences = tuple(plain(sentence) for sentence in sentences if sentence)
        self.changed()

    def _texts(self, width: int) -> list[str]:
        room = max(10, width - 2)
        return [
            text
            for sentence in self._sentences
            for text in wrap(sentence, room, break_on_hyphens=False)
        ]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._texts(width)))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        texts = self._texts(width)
        if y >= len(texts):
            return Strip.blank(width)
        first, blank, rest = texts[y].partition(" ")
        if y:
            return pieces([(f" {texts[y]}", PLAIN)], width)
        return pieces([(f" {first}", BOLD), (blank + rest, PLAIN)], width)


class Answer(Vertical):
    """Shares its height: what stands below the rows is seen before all rows are.

    Where not all of it has room, its lines are cut to one each; then the rows scroll.
    """

    DEFAULT_CSS = """
    Answer { height: 1fr; overflow: hidden; }
    Answer > Verdict { margin: 1 0; }
    Answer > #facts { margin-top: 1; height: 1; }
    """

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._facts: tuple[Line, ...] = ()
        self._room = 1

    def compose(self) -> ComposeResult:
        yield Verdict()
        yield RowsBelow(self._columns)
        yield TextView(self._texts, id="facts")

    @property
    def table(self) -> RowsBelow:
        return self.query_one(RowsBelow)

    @property
    def text(self) -> str:
        """The sentences, and what stands below the rows."""
        return f"{self.query_one(Verdict).text}\n{self.query_one(TextView).text}"

    def show(self, sentences: Sequence[str], rows: Sequence[Row], facts: Sequence[Line]) -> None:
        """All of it is untrusted text."""
        self.query_one(Verdict).show(sentences)
        self.table.load(rows, [row.key for row in rows])
        self.show_facts(facts)

    def show_waiting(self, sentence: str) -> None:
        """There is no answer yet, or none can be given: one sentence."""
        self.query_one(Verdict).show([sentence])
        self.table.load((), ())
        self.show_facts(())

    def show_facts(self, facts: Sequence[Line]) -> None:
        """Only what stands below the rows."""
        self._facts = tuple(facts)
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.size
        if not (width and self.query(Verdict)):
            return
        verdict, table, facts = self.query_one(Verdict), self.table, self.query_one(TextView)
        margins = sum(each.styles.margin.height for each in (verdict, facts))
        said = min(verdict.get_content_height(self.size, self.size, width), max(2, height - 4))
        verdict.styles.max_height = said
        room = height - margins - said
        rows = table.total + 1 if table.total else 0
        self._room = max(1, room - min(rows, _FEWEST))
        needed = len(self._texts(max(10, width - 2)))
        below = min(max(1, needed), self._room)
        facts.styles.height = below
        facts.can_focus = needed > below
        table.styles.height = max(0, min(rows, room - below))
        facts.show(self._texts)

    @property
    def hides(self) -> bool:
        """Whether there are more lines below the rows than fit."""
        return self.query_one(TextView).can_focus

    def _texts(self, width: int) -> list[str]:
        """The lines below the rows; where there is no room, those at the end are cut."""
        indent = max((cells(plain(fact.heading)) for fact in self._facts), default=0) + 1
        room = max(8, width - indent)
        texts = [plain(fact.text) for fact in self._facts]
        bodies = [wrap(text, room, break_on_hyphens=False) or [""] for text in texts]
        for at in reversed(range(len(bodies))):
            if sum(map(len, bodies)) > self._room:
                bodies[at] = [fit(texts[at], room).rstrip()]
        lines = []
        for fact, body in zip(self._facts, bodies, strict=True):
            heads = [plain(fact.heading)] + [""] * (len(body) - 1)
            lines += [fit(head, indent) + text for head, text in zip(heads, body, strict=True)]
        return lines
