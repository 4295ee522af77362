"""What the keys do while a node is joined to a domain, and afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pve_auth_tui.core.lists import LISTINGS
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Reload, go_to

if TYPE_CHECKING:
    from screens.join import JoinScreen


class OpenRow(Command["JoinScreen"]):
    """Opens everything about the row under the cursor, with what the tool said."""

    keys, shown, word, name = "enter", "enter", "details", "open"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.why_no_row()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.open_row()


class TakeFix(Command["JoinScreen"]):
    """Takes the fix with that digit: looks again with it, or shows its plan."""

    keys, shown, word, name = "1,2,3,4,5,6,7,8,9", "1-9", "take a fix", "fix"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.busy or screen.why_no_fix()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.take_fix()


class NextStep(Command["JoinScreen"]):
    """Goes on to the next step: check, who may log in, the plan of the join, its proof."""

    keys, shown, word, name = "n", "n", "next step", "next"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.busy or screen.why_no_next()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.go_on()


class EditStep(Command["JoinScreen"]):
    """Changes what this step asks: the domain, who joins, who may log in, whom to try."""

    keys, shown, word, name = "e", "e", "edit", "edit"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.busy or screen.why_no_edit()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.edit()


class JoinAgain(Reload):
    """Looks again at everything of this step. The cursor stays on its row."""

    keys, shown, word = "r,f5", "r", "again"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return cast("JoinScreen", screen).busy

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("JoinScreen", screen).again()


class JoinLines(Command["JoinScreen"]):
    """Shows all commands of the join, as a person would type them. Nothing is done."""

    keys, shown, word, name = "c", "c", "commands", "commands"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.busy or screen.why_no_commands()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.show_commands()


class RawOutput(Command["JoinScreen"]):
    """Shows what the failed command printed, as it is, and the file that holds it."""

    keys, shown, word, name = "o", "o", "", "output"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.why_no_output()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.show_output()


class AddToPve(Command["JoinScreen"]):
    """Adds somebody of the domain to PVE, as a user of realm pam."""

    keys, shown, word, name = "a", "a", "", "add"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.busy or screen.why_not_member() or screen.house.why_no_change()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.add_user()


class PermitLogins(Command["JoinScreen"]):
    """Changes who may log in: shows the plan of it."""

    keys, shown, word, name = "p", "p", "", "permit"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.busy or screen.why_not_member()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.permit()


class LeaveDomain(Command["JoinScreen"]):
    """Takes this node out of the domain: shows the plan of it."""

    keys, shown, word, name = "l", "l", "", "leave"

    @classmethod
    def problem(cls, screen: JoinScreen) -> str:
        return screen.busy or screen.why_not_member()

    @classmethod
    def run(cls, screen: JoinScreen) -> None:
        screen.leave_domain()


class StepBack(Back):
    """Stops what is being looked at; else one step back, and from the first one leaves."""

    word = "back"


_LISTS: Commands = tuple(go_to(each.name, each.title, "") for each in LISTINGS)
"""The lists, by their names only: digits take fixes here."""

OF_JOIN: Commands = (
    *(OpenRow, TakeFix, JoinAgain, NextStep, EditStep, StepBack, JoinLines),
    *(RawOutput, AddToPve, PermitLogins, LeaveDomain),
    *_LISTS,
    *(
        each
        for each in EVERYWHERE
        if each not in (Back, Reload) and (each.keys == "0" or not each.keys.isdigit())
    ),
)
