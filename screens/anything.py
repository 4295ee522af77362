"""`/` on Start: everything that has a name, in one list."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.anything import ANYTHING, target
from screens.base import EVERYWHERE
from screens.commands import Command, Commands
from screens.list_commands import Find, Save, Sort, Views
from screens.listing import ListScreen


class OpenThere(Command["AnythingScreen"]):
    """Opens the row in its own list."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def run(cls, screen: AnythingScreen) -> None:
        screen.open_there()


_OF_ANYTHING: Commands = (OpenThere, Find, Views, Sort, Save, *EVERYWHERE)


class AnythingScreen(ListScreen):
    """The rows of all lists."""

    listing = ANYTHING
    OFFERS: ClassVar[Commands] = _OF_ANYTHING

    def on_mount(self) -> None:
        if self._target is None:
            self.open_find()

    def open_there(self) -> None:
        if key := self.table.key:
            self.house.open_target(target(key))
