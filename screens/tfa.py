"""Datacenter, Permissions, Two Factor: second factors of all users, and what is done with them."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.tfa import TFA
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.objects import Key
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Command, Commands
from screens.factors import FactorScreen, Prove, Unlock
from screens.list_commands import (
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
from screens.pick import PickScreen

_RENAME, _ENABLE, _DISABLE = "Description ...", "Enable", "Disable"


class AddFactor(Command["TfaScreen"]):
    """Adds a second factor for somebody: an authenticator app, or recovery keys."""

    keys, shown, word, name = "a", "a", "add", "add"

    @classmethod
    def problem(cls, screen: TfaScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.pick_user()


class EditFactor(ChangeOfRow["TfaScreen"]):
    """Changes the description, or switches the factor on or off."""

    keys, shown, word, name = "e", "e", "edit", "edit"

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.edit()


class TfaScreen(FactorScreen):
    """One row for each factor."""

    listing = TFA
    OFFERS: ClassVar[Commands] = (
        Open, Find, Views, Mark, AddFactor, EditFactor, Remove, Unlock, Prove, Why, Sort,
        NextFinding, ShowCommands, Save, *EVERYWHERE,
    )  # fmt: skip

    @property
    def user(self) -> str:
        return super().user.partition(" ")[0]

    def object_of(self, key: str) -> Key:
        userid, _, ident = key.partition(" ")
        return Key("factor", userid, ident)

    def pick_user(self) -> None:
        """Whom to give a factor: the cursor's user stands first."""
        names = [name for name in self.house.names_for_prompt() if split_tokenid(name) is None]
        if self.user in names:
            names.insert(0, self.user)

        def picked(userid: str | None) -> None:
            if userid is not None:
                self.choose_factor(userid)

        self.app.push_screen(PickScreen("Add a second factor for", names), picked)

    def edit(self) -> None:
        """What can be changed of a factor without making it anew."""
        from pve_auth_tui.core.intents import factors

        factor = self.object_of(self.table.key or "")
        options = [_RENAME, _DISABLE, _ENABLE]

        def chosen(index: int | None) -> None:
            if index is None:
                return
            if options[index] == _RENAME:
                self.rename(factor)
            else:
                enable = options[index] == _ENABLE
                intent = factors.switch(factor.name, factor.part, enable=enable)
                self.house.review(intent, self.changed)

        self.app.push_screen(ChooseScreen(f"Edit a factor of {factor.name}", options), chosen)

    def rename(self, factor: Key) -> None:
        """Another description."""
        from pve_auth_tui.core.intents import factors
        from pve_auth_tui.core.objects import record
        from screens.rename import RenameScreen

        snapshot = self.house.snapshot
        known = record(snapshot, factor) if snapshot else None
        before = known["description"] if known else ""

        def named(text: str | None) -> None:
            if text is not None:
                self.house.review(factors.rename(factor.name, factor.part, text), self.changed)

        self.app.push_screen(RenameScreen("Description", before), named)
