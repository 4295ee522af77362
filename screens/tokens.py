"""Datacenter, Permissions, API Tokens: API tokens of all users."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.tokens import TOKENS
from screens.base import EVERYWHERE
from screens.commands import Commands
from screens.list_commands import (
    Add,
    ChangeOfRow,
    Compare,
    Edit,
    Find,
    Mark,
    NextFinding,
    OnRow,
    Open,
    Remove,
    Save,
    ShowCommands,
    Sort,
    Views,
    WhoCan,
    Why,
)
from screens.listing import ListScreen


class OpenToken(Open):
    """Shows the token beside its user: what it gets, why, and what would help."""


class TryToken(OnRow["TokensScreen"]):
    """Asks PVE as the token, with its secret, and counts what it sees."""

    keys, shown, word, name = "t", "t", "test", "test"

    @classmethod
    def problem(cls, screen: TokensScreen) -> str:
        return super().problem(screen) or screen.house.why_no_login()

    @classmethod
    def run(cls, screen: TokensScreen) -> None:
        screen.test_row()


class NewSecret(ChangeOfRow["TokensScreen"]):
    """Gives the token, or all marked, a new secret: the plan first. The old ones stop working."""

    keys, shown, word, name = "g", "g", "new secret", "new-secret"

    @classmethod
    def run(cls, screen: TokensScreen) -> None:
        screen.renew()


class FindToken(Find):
    """Finds rows by words, and by fields as in `user:ann sees:nothing -privsep:yes`."""

    word = ""


class ViewsOfTokens(Views):
    """Shows the prepared views of this list."""

    word = ""


class MarkToken(Mark):
    """Marks the row, or takes the mark off; keys then act on all marked rows."""

    word = ""


class TokensScreen(ListScreen):
    """One row for each token; Enter shows it beside its user."""

    listing = TOKENS
    OFFERS: ClassVar[Commands] = (
        OpenToken, TryToken, Add, Edit, NewSecret, Remove, Why, WhoCan, Compare, FindToken,
        ViewsOfTokens, MarkToken, Sort, NextFinding, ShowCommands, Save, *EVERYWHERE,
    )  # fmt: skip

    def open_details(self) -> None:
        from screens.token_rights import TokenRightsScreen

        if key := self.table.key:
            self.app.push_screen(TokenRightsScreen(key))

    def add_row(self) -> None:
        from screens.token_form import TokenForm

        self.app.push_screen(TokenForm(on_done=self.changed))

    def edit_rows(self) -> None:
        from screens.token_edit_form import TokenEditForm

        self.app.push_screen(TokenEditForm(self.acted_on, self.changed))

    def test_row(self) -> None:
        """`t`: real calls with the row's token."""
        from screens.token_test import TokenTestScreen

        if key := self.table.key:
            self.app.push_screen(TokenTestScreen(key))

    def renew(self) -> None:
        """`g`: a new secret for each token that the keys act on."""
        from screens.token_test import renew

        renew(self, self.acted_on, self.changed)
