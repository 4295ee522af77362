"""Work in stages from top to bottom, and what its current stage waits for."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final, NamedTuple

from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.plain import fit, plain
from widgets.lines import OneLine
from widgets.look import BOLD, PLAIN, line

_LOW: Final = 18  # rows of a screen on which every row counts
_WORD: Final = 5  # columns of a state: ok, LOOK, BAD, -


class Stage(NamedTuple):
    """One stage: its name, its state (`-`: not reached), what is known of it, line by line."""

    name: str
    word: str = "-"
    texts: tuple[str, ...] = ()


class Stages(Widget, can_focus=True):
    """As high as it needs; `>` marks the stage that is on. On a low screen a line each.
    May have the cursor, and takes no key: nothing can be pressed there.
    """

    DEFAULT_CSS = "Stages { height: 6; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._stages: tuple[Stage, ...] = ()
        self._at = -1

    def show(self, stages: Sequence[Stage], at: int) -> None:
        """Untrusted texts; `at`: which stage is on, -1 for none."""
        if (tuple(stages), at) != (self._stages, self._at):
            self._stages, self._at = tuple(stages), at
            self._grow()
            self.refresh()

    def on_resize(self) -> None:
        self._grow()

    def _grow(self) -> None:
        """Its height is set, not asked for: what is shown before the first layout is lost else."""
        self.styles.height = len(self._lines(self.size.width or self.app.size.width))

    @property
    def text(self) -> str:
        return "\n".join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[str]:
        names = max((len(stage.name) for stage in self._stages), default=0) + 2
        lines = []
        for index, stage in enumerate(self._stages):
            sign = ">" if index == self._at else " "
            head = f" {sign} {fit(stage.word, _WORD)} {fit(stage.name, names)}"
            room = max(10, width - len(head) - 1)
            texts = [
                part
                for text in stage.texts
                for part in wrap(plain(text), room, break_on_hyphens=False)
            ] or [""]
            if self.app.size.height < _LOW:
                texts = [fit("; ".join(map(plain, stage.texts)), room)]
            lines += [head + texts[0], *(" " * len(head) + text for text in texts[1:])]
        return lines

    def render_line(self, y: int) -> Strip:
        lines = self._lines(self.size.width)
        return line(lines[y] if y < len(lines) else "", self.size.width)


class KeyNow(OneLine, can_focus=True):
    """What a security key waits for, and for how long; stands out while it wants a hand.
    Has the cursor meanwhile, and no key of its own.
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._style = PLAIN

    def show_phase(self, sentence: str, seconds: int, *, wants_hand: bool) -> None:
        """`seconds`: left, 0 for no limit."""
        self._style = BOLD if wants_hand else PLAIN
        self.show(f"{sentence} {seconds} s left." if seconds > 0 else sentence)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        return line(f"   {self._text}", width, self._style) if y == 0 else Strip.blank(width)
