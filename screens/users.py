"""Datacenter, Permissions, Users: Users, local and from directories."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.users import USERS
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Commands
from screens.factors import FactorScreen, Prove, Unlock
from screens.list_commands import (
    Add,
    ChangeOfRow,
    Find,
    Mark,
    NextFinding,
    Open,
    Remove,
    Save,
    ShowCommands,
    Sort,
    Views,
    Why,
)


class EditUser(ChangeOfRow["UsersScreen"]):
    """Enables or disables the user, or all marked users."""

    keys, shown, word, name = "e", "e", "edit", "edit"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:
        screen.edit()


class GiveFactor(ChangeOfRow["UsersScreen"]):
    """Gives the user a second factor: an authenticator app, or recovery keys."""

    keys, shown, word, name = "o", "o", "", "second-factor"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:
        screen.choose_factor(screen.user)


class UnlockUser(Unlock):
    """Takes the lock off the user's second factors."""

    word = ""


class ProveUser(Prove):
    """Proves that the user can log in, by a real login with password and second factor."""

    word = ""


class UsersScreen(FactorScreen):
    """One row for each user."""

    listing = USERS
    OFFERS: ClassVar[Commands] = (
        Open, Find, Views, Mark, Add, EditUser, Remove, Why, Sort, NextFinding, GiveFactor,
        UnlockUser, ProveUser, ShowCommands, Save, *EVERYWHERE,
    )  # fmt: skip

    def edit(self) -> None:
        """What can be changed without a form."""
        from pve_auth_tui.core.intents import users

        keys = self.acted_on
        options = ["Disable", "Enable"]

        def chosen(index: int | None) -> None:
            if index is not None:
                intent = users.switch(keys, enable=options[index] == "Enable")
                self.house.review(intent, self.changed)

        whom = keys[0] if len(keys) == 1 else f"{len(keys)} users"
        self.app.push_screen(ChooseScreen(f"Edit {whom}", options), chosen)
