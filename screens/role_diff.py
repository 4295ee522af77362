"""Two roles side by side: privileges that only one of them has first, then those of both."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from pve_auth_tui.core.find import haystack
from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.rolediff import diff_rows, diff_summary
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands
from screens.details import BackToList
from widgets.filter_table import FilterTable
from widgets.lines import Rule


class OnlyDifferences(Command["RoleDiffScreen"]):
    """Shows only what differs, or everything again."""

    keys, shown, word, name = "v", "v", "view", "view"

    @classmethod
    def run(cls, screen: RoleDiffScreen) -> None:
        screen.turn()


class RoleDiffScreen(BaseScreen):
    """`one` and `other` are names of roles."""

    OFFERS: ClassVar[Commands] = (
        OnlyDifferences,
        BackToList,
        *(command for command in EVERYWHERE if command is not Back),
    )

    def __init__(self, one: str, other: str) -> None:
        super().__init__()
        self._one, self._other = one, other
        self._all = True

    @property
    def open_title(self) -> str:
        return "Roles"

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield FilterTable(
            [
                Column("Privilege", 28, grow=True),
                Column("Held by", 18, grow=True),
                Column("Allows to", 27, grow=True),
            ],
            id="table",
        )
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one(FilterTable).focus()
        self.snapshot_changed()

    def snapshot_changed(self) -> None:
        self.refresh_head()
        snapshot = self.house.snapshot
        config = snapshot.access.value if snapshot else None
        if config is None or not {self._one, self._other} <= config.roles.keys():
            self.say("One of the two roles is no longer there.")
            return
        one, other = config.roles[self._one], config.roles[self._other]
        rows = diff_rows(one, other, everything=self._all)
        self.query_one(Rule).show_parts(diff_summary(one, other))
        self.query_one(FilterTable).load(rows, [haystack(row) for row in rows])

    def turn(self) -> None:
        """`v`"""
        self._all = not self._all
        self.snapshot_changed()
        self.say("Everything is shown." if self._all else "Only what differs is shown.")
