"""Pick a name out of many: type a part of it, arrows, Enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from pve_auth_tui.core.listing import Column, Row
from pve_auth_tui.core.plain import cells, plain
from screens.prompt import completions
from widgets.filter_table import FilterTable
from widgets.lines import KeyHint, KeyLine, OneLine
from widgets.text_field import TextField

NOTHING: Final = "nothing is found. ^U begins anew."
_SHORT, _LONG = 16, 36  # columns of a name


def matching(text: str, names: Sequence[str], about: Mapping[str, str]) -> list[str]:
    """Names that begin with `text`, then those that contain it, then those about which it says."""
    if not text:
        return list(names)
    found = completions(text, list(names))
    wanted, named = text.casefold(), set(found)
    told = (name for name in names if wanted in about.get(name, "").casefold())
    return [*found, *(name for name in told if name not in named)]


def columns_for(names: Sequence[str], about: Mapping[str, str]) -> list[Column]:
    """As wide as the names need, up to a limit: what is said about them gets the rest."""
    if not any(about.values()):
        return [Column("Name", 40, grow=True)]
    longest = max(cells(plain(name)) for name in names)
    if longest > _LONG:
        return [Column("Name", _LONG, grow=True), Column("", 30, grow=True)]
    return [Column("Name", max(_SHORT, longest)), Column("", 30, grow=True)]


class PickScreen(ModalScreen[str | None]):
    """Answers the name, or None for Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        names: Sequence[str],
        about: Mapping[str, str] | None = None,
        as_typed: str = "",
    ) -> None:
        """`as_typed`: what is said of the typed text, where that may be taken as it is, too."""
        super().__init__()
        self._title, self._names, self._about = title, list(names), about or {}
        self._as_typed = as_typed

    def compose(self) -> ComposeResult:
        yield OneLine(self._title, id="head")
        yield TextField(id="words")
        yield FilterTable(columns_for(self._names, self._about), id="names")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.query_one(KeyLine).show_hints(
            [KeyHint("type", "a part"), KeyHint("enter", "take"), KeyHint("esc", "back")]
        )
        self._offer("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._offer(event.value)
        self.query_one(FilterTable).action_end(0)  # what matches best

    def _offer(self, text: str) -> None:
        found = matching(text, self._names, self._about)
        rows = [Row(name, (name, self._about.get(name, ""))) for name in found]
        if text and self._as_typed and text not in found:
            rows.append(Row(text, (text, self._as_typed)))
            found = [*found, text]
        self.query_one(FilterTable).load(rows, found)
        self.query_one("#head", OneLine).show(self._title if found else f"{self._title}: {NOTHING}")

    def action_move(self, rows: int) -> None:
        self.query_one(FilterTable).action_move(rows)

    @on(Input.Submitted)
    def _take(self) -> None:
        """Nothing is taken, nor the list left, while nothing is found."""
        if key := self.query_one(FilterTable).key:
            self.dismiss(key)

    def action_leave(self) -> None:
        self.dismiss(None)
