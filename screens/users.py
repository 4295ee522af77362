"""Datacenter, Permissions, Users: Users, local and from directories."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.users import USERS
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Commands
from screens.factors import FactorScreen
from screens.list_commands import (
    Add,
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
    Why,
)


class OnUser(OnRow):
    """A change that needs a user."""

    @classmethod
    def problem(cls, screen: UsersScreen) -> str:  # type: ignore[override]
        return super().problem(screen) or screen.house.why_no_change()


class EditUser(OnUser):
    """Enables or disables the user, or all marked users."""

    keys, shown, word, name = "e", "e", "edit", "edit"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:  # type: ignore[override]
        screen.edit()


class GiveFactor(OnUser):
    """Gives the user a second factor: an authenticator app, or recovery keys."""

    keys, shown, word, name = "o", "o", "", "second-factor"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:  # type: ignore[override]
        screen.choose_factor(screen.table.key or "")


class UnlockUser(OnUser):
    """Takes the lock off the user's second factors."""

    keys, shown, word, name = "l", "l", "", "unlock"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:  # type: ignore[override]
        screen.unlock(screen.table.key or "")


class ProveUser(OnRow):
    """Proves that the user can log in, by a real login with password and second factor."""

    keys, shown, word, name = "t", "t", "", "prove"

    @classmethod
    def problem(cls, screen: UsersScreen) -> str:  # type: ignore[override]
        return super().problem(screen) or screen.house.why_no_login()

    @classmethod
    def run(cls, screen: UsersScreen) -> None:  # type: ignore[override]
        screen.prove(screen.table.key or "")


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
