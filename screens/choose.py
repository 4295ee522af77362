"""A short list to choose from, over the lower part of a screen: digits, or arrows and Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from pve_auth_tui.core.plain import fit, plain
from widgets.lines import KeyHint, KeyLine
from widgets.look import CURSOR, PLAIN, RULE, pieces


class _Options(Widget, can_focus=True):
    at: reactive[int] = reactive(0)

    def __init__(self, title: str, options: Sequence[str], at: int) -> None:
        super().__init__()
        self._title = plain(title)
        self._options = tuple(map(plain, options))
        self.set_reactive(_Options.at, at)
        self.styles.height = min(len(options), 16) + 1

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        first = max(0, self.at - (self.size.height - 2))
        if y == 0:
            return pieces([(self._rule(width - 1, first), RULE)], width)
        index = y - 1 + first
        if index >= len(self._options):
            return Strip.blank(width)
        digit = str(index + 1) if index < 9 else " "
        sign = ">" if index == self.at else " "
        text = fit(f" {sign} {digit} {self._options[index]}", width)
        return pieces([(text, CURSOR if index == self.at else PLAIN)], width)

    @property
    def page(self) -> int:
        """How many are seen at the same time."""
        return max(1, self.size.height - 1)

    def _rule(self, width: int, first: int) -> str:
        """The title, and where not all are seen, which of them are."""
        rule, count = f" ─ {self._title} ", len(self._options)
        seen = f" {first + 1}-{min(first + self.page, count)} of {count}"
        right = seen if count > self.page else ""
        return fit(rule + "─" * (width - len(rule) - len(right)), width - len(right)) + right


class ChooseScreen(ModalScreen[int | None]):
    """Answers the index of the option, or None for Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "back", show=False),
        Binding("enter", "take", "take", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "end(-1)", show=False),
        Binding("end", "end(1)", show=False),
        *(Binding(str(digit), f"pick({digit - 1})", show=False) for digit in range(1, 10)),
    ]

    def __init__(self, title: str, options: Sequence[str], at: int = 0) -> None:
        super().__init__()
        self._title, self._options, self._at = title, tuple(options), at

    def compose(self) -> ComposeResult:
        yield _Options(self._title, self._options, self._at)
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(_Options).focus()
        digits = f"1-{min(9, len(self._options))}" if len(self._options) > 1 else "1"
        self.query_one(KeyLine).show_hints(
            [KeyHint(digits, "take"), KeyHint("enter", "take"), KeyHint("esc", "back")]
        )

    def on_resize(self) -> None:
        self.query_one(_Options).styles.max_height = max(2, self.size.height - 1)

    def action_move(self, rows: int) -> None:
        options = self.query_one(_Options)
        options.at = (options.at + rows) % len(self._options)

    def action_page(self, pages: int) -> None:
        options = self.query_one(_Options)
        last = len(self._options) - 1
        options.at = min(last, max(0, options.at + pages * options.page))

    def action_end(self, way: int) -> None:
        self.query_one(_Options).at = 0 if way < 0 else len(self._options) - 1

    def action_pick(self, index: int) -> None:
        if index < len(self._options):
            self.dismiss(index)

    def action_take(self) -> None:
        self.dismiss(self.query_one(_Options).at)

    def action_leave(self) -> None:
        self.dismiss(None)
