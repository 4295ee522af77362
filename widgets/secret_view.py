"""Lines that hold secrets: shown for a while, and not there at all before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Size
from textual.strip import Strip

from pve_auth_tui.core.plain import plain
from widgets.as_high import AsHigh
from widgets.look import line


class SecretView(AsHigh):
    """`hidden` stands there until `show`; what is shown is made anew each time, and not kept."""

    DEFAULT_CSS = "SecretView { height: auto; }"

    def __init__(self, hidden: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hidden = tuple(map(plain, hidden))
        self._make: Callable[[], Sequence[str]] | None = None

    @property
    def is_shown(self) -> bool:
        return self._make is not None

    def show(self, make: Callable[[], Sequence[str]]) -> None:
        """Show what `make` gives: lines of text, revealed only while they are drawn."""
        self._make = make
        self.changed()

    def hide(self) -> None:
        self._make = None
        self.changed()

    def _texts(self) -> Sequence[str]:
        return self._make() if self._make else self._hidden

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._texts())

    def render_line(self, y: int) -> Strip:
        texts = self._texts()
        return line(" " + (plain(texts[y]) if y < len(texts) else ""), self.size.width)
