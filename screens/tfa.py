"""Datacenter, Permissions, Two Factor: second factors of all users, and what is done with them."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from pve_auth_tui.core.lists.tfa import TFA, split_key
from pve_auth_tui.core.logins import entries_of
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.words import count_words
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import (
    Command,
    Commands,
    KeysCommand,
    RackCommand,
    WebauthnCommand,
)
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

S = TypeVar("S", bound="TfaScreen")


class AddFactor(Command["TfaScreen"]):
    """Adds a second factor for somebody: PVE's menu of kinds, for the row's user or another."""

    keys, shown, word, name = "a", "a", "add", "add"

    @classmethod
    def problem(cls, screen: TfaScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.pick_user()


class _OfFactors(ChangeOfRow[S]):
    """One that changes factors: there is none in the row of a user who has none."""

    @classmethod
    def problem(cls, screen: S) -> str:
        return super().problem(screen) or screen.why_no_factor()


class EditFactor(_OfFactors["TfaScreen"]):
    """Changes the description, or switches the factor, or all marked ones, on or off."""

    keys, shown, word, name = "e", "e", "edit", "edit"

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.edit()


class EnableFactors(_OfFactors["TfaScreen"]):
    """Enables the factor, or all marked ones."""

    keys, shown, word, name = "", "", "", "enable"

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.switch(enable=True)


class DisableFactors(_OfFactors["TfaScreen"]):
    """Disables the factor, or all marked ones: PVE no longer asks for them."""

    keys, shown, word, name = "", "", "", "disable"

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.switch(enable=False)


class RemoveFactors(_OfFactors["TfaScreen"]):
    """Removes the factor, or all marked ones: shows the plan of it first."""

    keys, shown, word, name = Remove.keys, Remove.shown, Remove.word, Remove.name

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.remove_rows()


class UnlockFactors(_OfFactors["TfaScreen"]):
    """Takes the lock off the second factors of the row's user, or of all marked users."""

    keys, shown, word, name = Unlock.keys, Unlock.shown, Unlock.word, Unlock.name

    @classmethod
    def run(cls, screen: TfaScreen) -> None:
        screen.unlock_users()


class PluggedKeys(KeysCommand):
    """Shows the security keys in this machine's USB ports: PIN, tries left, whose entries."""

    keys, shown = "p", "p"


class RackMode(RackCommand):
    """Enrols several security keys for several people in one go, at the rack."""

    keys, shown = "R", "R"


class WebauthnSettings(WebauthnCommand):
    """The settings that every security key is bound to, and at which addresses they work."""

    keys, shown = "S", "S"


_WITH_KEYS = (PluggedKeys, RackMode, WebauthnSettings)
_ELSEWHERE = tuple(
    command for command in EVERYWHERE if command.name not in {each.name for each in _WITH_KEYS}
)


class TfaScreen(FactorScreen):
    """One row for each factor, and one for each user who has none."""

    listing = TFA
    OFFERS: ClassVar[Commands] = (
        Open, Find, Views, Mark, AddFactor, EditFactor, RemoveFactors, UnlockFactors, Prove, Why,
        EnableFactors, DisableFactors, Sort, NextFinding, *_WITH_KEYS, ShowCommands, Save,
        *_ELSEWHERE,
    )  # fmt: skip

    @property
    def user(self) -> str:
        return split_key(super().user)[0]

    def object_of(self, key: str) -> Key:
        return Key("factor", *split_key(key))

    def subject_of(self, key: str) -> str:
        return split_key(key)[0]

    def why_no_factor(self) -> str:
        """Why the keys have no factor to act on; "" when they have."""
        without = [userid for userid, ident in map(split_key, self.acted_on) if not ident]
        if not without:
            return ""
        if len(without) == 1:
            return f"{without[0]} has no second factor here. a adds one."
        return f"{count_words(len(without), 'marked row', 'marked rows')} are of users without one."

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
        """What can be changed of factors without making them anew."""
        marked = self.objects(self.acted_on)
        options = [_DISABLE, _ENABLE] if len(marked) > 1 else [_RENAME, _DISABLE, _ENABLE]
        whose = f"a factor of {marked[0].name}" if len(marked) == 1 else f"{len(marked)} factors"

        def chosen(index: int | None) -> None:
            if index is None:
                return
            if options[index] == _RENAME:
                self.rename(marked[0])
            else:
                self.switch(enable=options[index] == _ENABLE)

        self.app.push_screen(ChooseScreen(f"Edit {whose}", options), chosen)

    def switch(self, *, enable: bool) -> None:
        """All that the keys act on; what is so already among several is left alone."""
        from pve_auth_tui.core.intents import factors
        from pve_auth_tui.core.planning import together

        marked = self.objects(self.acted_on)
        left = [each for each in marked if self._is_enabled(each) is not enable] or marked
        wanted = [factors.switch(each.name, each.part, enable=enable) for each in left]
        doing = "enable" if enable else "disable"
        title = f"{doing} {len(wanted)} second factors" if len(wanted) > 1 else ""
        self.house.review(together(wanted, title), self.changed)

    def _is_enabled(self, factor: Key) -> bool | None:
        snapshot = self.house.snapshot
        entries = entries_of(snapshot, factor.name) if snapshot else ()
        return next((entry.enable for entry in entries if entry.id == factor.part), None)

    def unlock_users(self) -> None:
        """Everybody whom the keys act on, each once."""
        from pve_auth_tui.core.intents import factors
        from pve_auth_tui.core.planning import together

        people = list(dict.fromkeys(split_key(key)[0] for key in self.acted_on))
        title = f"unlock the second factors of {len(people)} users" if len(people) > 1 else ""
        wanted = [factors.unlock(userid) for userid in people]
        self.house.review(together(wanted, title), self.changed)

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

    def name_of(self, key: str) -> str:
        """An id says nothing to anybody."""
        snapshot = self.house.snapshot
        return self.listing.heading(snapshot, key) if snapshot else key
