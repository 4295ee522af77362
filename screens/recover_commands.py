"""What the keys of Recover do."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pve_auth_tui.core.lists import LISTINGS
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Recover, Reload, go_to

if TYPE_CHECKING:
    from screens.recover import RecoverScreen
    from screens.recover_details import WayScreen


class YesNo(Command["RecoverScreen"]):
    """Says that you still have it, or that you have not: the ways back follow from it."""

    keys, shown, word, name = "space", "space", "yes/no", "yes-no"

    @classmethod
    def problem(cls, screen: RecoverScreen) -> str:
        return "" if screen.have_here else "Space is for the lines with [ ]."

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.turn_have()


class TakeWay(Command["RecoverScreen"]):
    """Takes the way back with that digit: shows how, or its plan. Nothing is done yet."""

    keys, shown, word, name = "1,2,3,4,5,6,7,8,9", "1-9", "show the plan", "way"

    @classmethod
    def problem(cls, screen: RecoverScreen) -> str:
        return screen.why_no_way()

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.take_digit()


class OpenRow(Command["RecoverScreen"]):
    """Opens everything about the row under the cursor."""

    keys, shown, word, name = "enter", "enter", "details", "open"

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.open_row()


class WayCommands(Command["RecoverScreen"]):
    """Shows the commands of the way back under the cursor, as a person would type them."""

    keys, shown, word, name = "c", "c", "commands", "commands"

    @classmethod
    def problem(cls, screen: RecoverScreen) -> str:
        return screen.why_no_commands()

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.show_commands()


class SomebodyElse(Command["RecoverScreen"]):
    """Asks whose login this is about: root@pam's at first."""

    keys, shown, word, name = "w", "w", "who", "who"

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.pick_somebody()


class LookAgain(Reload):
    """Looks at the machine, the other nodes and PVE's files anew. The cursor stays on its row."""

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("RecoverScreen", screen).look_again()


class ProveLogin(Command["RecoverScreen"]):
    """Proves that the login works again, by a real one with password and second factor."""

    keys, shown, word, name = "p", "p", "", "prove"

    @classmethod
    def problem(cls, screen: RecoverScreen) -> str:
        return screen.house.why_no_login()

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.prove()


class NewTotp(Command["RecoverScreen"]):
    """Gives another authenticator app (TOTP)."""

    keys, shown, word, name = "o", "o", "", "totp"

    @classmethod
    def problem(cls, screen: RecoverScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.give_totp()


class NewKeys(Command["RecoverScreen"]):
    """Makes ten new recovery keys: shows the plan of it. The old ones stop working then."""

    keys, shown, word, name = "n", "n", "", "recovery-keys"

    @classmethod
    def problem(cls, screen: RecoverScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.give_recovery_keys()


class Acknowledge(Command["RecoverScreen"]):
    """Acknowledges what was recovered: later sessions are told no more. The journal keeps it."""

    keys, shown, word, name = "a", "a", "", "acknowledge"

    @classmethod
    def problem(cls, screen: RecoverScreen) -> str:
        return "" if screen.house.recovered else "There is nothing to acknowledge."

    @classmethod
    def run(cls, screen: RecoverScreen) -> None:
        screen.house.acknowledge_recovered()


class LeaveRecover(Back):
    """Goes to Start. Nothing is looked at any more."""

    word = "back"


_LISTS: Commands = tuple(go_to(each.name, each.title, "") for each in LISTINGS)
"""The lists, by their names only: digits take ways back here."""

OF_RECOVER: Commands = (
    *(YesNo, TakeWay, OpenRow, WayCommands, LeaveRecover, SomebodyElse),
    *(ProveLogin, NewTotp, NewKeys, Acknowledge, LookAgain),
    *_LISTS,
    *(
        each
        for each in EVERYWHERE
        if each not in (Back, Reload) and (each is Recover or not each.keys.isdigit())
    ),
)


class TakeThisWay(Command["WayScreen"]):
    """Shows the plan of this way back. Of one that is refused, too: its plan asks for a word."""

    keys, shown, word, name = "x", "x", "show the plan", "plan"

    @classmethod
    def problem(cls, screen: WayScreen) -> str:
        return screen.why_no_plan()

    @classmethod
    def run(cls, screen: WayScreen) -> None:
        screen.take()
