"""Datacenter, Permissions, Users: Users, local and from directories."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.lists.users import USERS
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Commands
from screens.factors import FactorScreen, Prove, Unlock
from screens.list_commands import (
    Add,
    ChangeOfRow,
    Compare,
    Edit,
    Find,
    Mark,
    NextFinding,
    Open,
    Remove,
    Save,
    ShowCommands,
    Sort,
    Views,
    WhoCan,
    Why,
)


class Switch(ChangeOfRow["UsersScreen"]):
    """Enables or disables the user, or all marked users, without a form."""

    keys, shown, word, name = "x", "x", "", "switch"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:
        screen.choose_switch()


class EnableUsers(ChangeOfRow["UsersScreen"]):
    """Enables the user, or all marked users."""

    keys, shown, word, name = "", "", "", "enable"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:
        screen.switch(enable=True)


class DisableUsers(ChangeOfRow["UsersScreen"]):
    """Disables the user, or all marked users."""

    keys, shown, word, name = "", "", "", "disable"

    @classmethod
    def run(cls, screen: UsersScreen) -> None:
        screen.switch(enable=False)


class SetPassword(ChangeOfRow["UsersScreen"]):
    """Sets a new password, in realms where PVE stores it: pve, and pam on this node."""

    keys, shown, word, name = "p", "p", "", "password"

    @classmethod
    def problem(cls, screen: UsersScreen) -> str:
        return super().problem(screen) or screen.why_no_password()

    @classmethod
    def run(cls, screen: UsersScreen) -> None:
        screen.set_password()


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
        Open, Find, Views, Mark, Add, Edit, Remove, Why, WhoCan, Compare, Sort, NextFinding,
        SetPassword, Switch, EnableUsers, DisableUsers, GiveFactor, UnlockUser, ProveUser,
        ShowCommands, Save, *EVERYWHERE,
    )  # fmt: skip

    def add_row(self) -> None:
        from screens.user_form import UserForm

        self.app.push_screen(UserForm())

    def edit_rows(self) -> None:
        from screens.user_form import UserForm
        from screens.users_form import UsersForm

        keys = self.acted_on
        form = UserForm(keys[0], self.changed) if len(keys) == 1 else None
        self.app.push_screen(form or UsersForm(keys, self.changed))

    def choose_switch(self) -> None:
        """`x`: what is done oftenest needs no form."""
        keys = self.acted_on

        def chosen(index: int | None) -> None:
            if index is not None:
                self.switch(enable=index == 1)

        whom = keys[0] if len(keys) == 1 else f"{len(keys)} users"
        self.app.push_screen(ChooseScreen(f"Enabled: {whom}", ["Disable", "Enable"]), chosen)

    def switch(self, *, enable: bool) -> None:
        """All that the keys act on."""
        from pve_auth_tui.core.intents import users

        self.house.review(users.switch(self.acted_on, enable=enable), self.changed)

    def why_no_password(self) -> str:
        """Why PVE sets no password for the row's user; "" when it does."""
        from pve_auth_tui.core.newuser import no_password_for

        snapshot, node = self.house.snapshot, self.house.node
        asker = (node.user if node else "") or ROOT
        return no_password_for(snapshot, self.user, asker) if snapshot else ""

    def set_password(self) -> None:
        """For the row's user, whoever is marked: no two people have the same password."""
        from screens.password_form import PasswordForm

        self.app.push_screen(PasswordForm(self.user))
