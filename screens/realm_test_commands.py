"""What the keys do while a realm is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pve_auth_tui.core.lists import LISTINGS
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Reload, go_to

if TYPE_CHECKING:
    from screens.realm_test import RealmTestScreen


class OpenCheck(Command["RealmTestScreen"]):
    """Opens everything about the stage at the chosen server: chain, names, samples, answers."""

    keys, shown, word, name = "enter", "enter", "details", "open"

    @classmethod
    def problem(cls, screen: RealmTestScreen) -> str:
        return screen.why_no_check()

    @classmethod
    def run(cls, screen: RealmTestScreen) -> None:
        screen.open_check()


class TakeFix(Command["RealmTestScreen"]):
    """Takes the fix with that digit: of a saved realm its plan, in a form the changed options."""

    keys, shown, word, name = "1,2,3,4,5,6,7,8,9", "1-9", "take a fix", "fix"

    @classmethod
    def problem(cls, screen: RealmTestScreen) -> str:
        return screen.why_no_fix()

    @classmethod
    def run(cls, screen: RealmTestScreen) -> None:
        screen.take_fix()


class ServerBefore(Command["RealmTestScreen"]):
    """Chooses the server left of this one; up and down choose the stage."""

    keys, shown, word, name = "left", "left/right", "server", "server before"

    @classmethod
    def problem(cls, screen: RealmTestScreen) -> str:
        return screen.why_no_other_server()

    @classmethod
    def run(cls, screen: RealmTestScreen) -> None:
        screen.choose_server(-1)


class ServerAfter(ServerBefore):
    """Chooses the server right of this one."""

    keys, shown, word, name = "right", "right", "", "server after"

    @classmethod
    def run(cls, screen: RealmTestScreen) -> None:
        screen.choose_server(1)


class TryLogin(Command["RealmTestScreen"]):
    """Tries one person's login, once; before that it is looked whether that could lock it."""

    keys, shown, word, name = "l", "l", "try a login", "try login"

    @classmethod
    def problem(cls, screen: RealmTestScreen) -> str:
        return screen.busy or screen.why_nothing_tested()

    @classmethod
    def run(cls, screen: RealmTestScreen) -> None:
        screen.ask_login()


class TestAgain(Reload):
    """Tests the realm again, from the first stage on. The cursor stays on its row."""

    keys, shown, word = "r,f5", "r", "again"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return cast("RealmTestScreen", screen).busy

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("RealmTestScreen", screen).begin()


class SaveReport(Command["RealmTestScreen"]):
    """Saves the report to a file that only you can read. No password is in it."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def problem(cls, screen: RealmTestScreen) -> str:
        return screen.busy or screen.why_nothing_tested()

    @classmethod
    def run(cls, screen: RealmTestScreen) -> None:
        screen.save()


class LeaveTest(Back):
    """Stops a test that runs, then goes back. Nothing was changed."""

    word = "back"


_LISTS: Commands = tuple(go_to(each.name, each.title, "") for each in LISTINGS)
"""The lists, by their names only: digits take fixes here."""

OF_TEST: Commands = (
    *(OpenCheck, TakeFix, TryLogin, TestAgain, SaveReport, LeaveTest, ServerBefore, ServerAfter),
    *_LISTS,
    *(
        each
        for each in EVERYWHERE
        if each not in (Back, Reload) and (each.keys == "0" or not each.keys.isdigit())
    ),
)
