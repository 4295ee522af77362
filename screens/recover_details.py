"""Everything about one way back; its plan can be shown from here, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pve_auth_tui.core.recover.ways import Kind, WayBack
from screens.commands import Commands
from screens.details import DetailsScreen
from screens.recover_commands import TakeThisWay
from screens.recover_rows import way_lines


class WayScreen(DetailsScreen):
    """`on_taken` is called when its plan is wanted, after this has closed."""

    OFFERS: ClassVar[Commands] = (TakeThisWay, *DetailsScreen.OFFERS)

    def __init__(self, way: WayBack, on_taken: Callable[[WayBack], None]) -> None:
        super().__init__("Recover", way.title, way_lines(way))
        self._way = way
        self._on_taken = on_taken

    def why_no_plan(self) -> str:
        """One sentence, or ""."""
        if self._way.kind is Kind.SHOW:
            return "This changes nothing, so there is no plan: it is done as it says."
        return ""

    def take(self) -> None:
        """`x`"""
        self.app.pop_screen()
        self._on_taken(self._way)
