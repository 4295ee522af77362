"""As high as what stands in it, however busy the machine is."""

from __future__ import annotations

from textual.widget import Widget


class AsHigh(Widget):
    """Mixin for widgets of auto height: call `changed` when something else stands in them."""

    def changed(self) -> None:
        """Draw it anew, with the height that it needs now.

        Textual keeps a height until it hears of a change, and hears only of the first one while it
        has not come to it: laid out between two of them, a widget would keep the height of the
        first, and its last lines would never be seen.
        """
        self._layout_updates += 1  # a part of the key under which Textual keeps the height
        self.refresh(layout=True)
