"""What the keys do where PAM's verdicts are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Reload

if TYPE_CHECKING:
    from screens.pam import PamScreen

_OWN_NAME: Final = "pam"  # of the command that opens this


class OpenVerdict(Command["PamScreen"]):
    """Opens everything about the row: what is wrong, what it means, the lines that decide."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def problem(cls, screen: PamScreen) -> str:
        return "" if screen.table.key else "There is no row here."

    @classmethod
    def run(cls, screen: PamScreen) -> None:
        screen.open_row()


class CheckAgain(Reload):
    """Reads PAM's files anew. The cursor stays on its row. Nothing is changed."""

    word = "again"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("PamScreen", screen).look_again()


class LeavePam(Back):
    """Goes back. Nothing was changed."""

    word = "back"


OF_PAM: Commands = (
    *(OpenVerdict, CheckAgain, LeavePam),
    *(each for each in EVERYWHERE if each not in (Back, Reload) and each.name != _OWN_NAME),
)
