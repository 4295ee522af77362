"""What the keys do in the rack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.commands import Back, Command

if TYPE_CHECKING:
    from screens.rack import RackScreen


class Digit(Command["RackScreen"]):
    """Does nothing: a PIN that is typed too early opens no list. `:users` and the like do."""

    keys, shown, word, name = ",".join(map(str, range(10))), "0-9", "", "digit"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return "Nothing asks for a PIN now. :users and the like go to the lists."


class Again(Command["RackScreen"]):
    """Tries the cell again with the key that is plugged in; where the plan was left, shows it."""

    keys, shown, word, name = "a", "a", "again", "again"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return screen.why_not_again()

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.again()


class Yes(Command["RackScreen"]):
    """Takes a key that somebody else has already."""

    keys, shown, word, name = "y", "y", "", "yes"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return "" if screen.asks else "Nothing is asked now."

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.said_yes()


class Skip(Command["RackScreen"]):
    """Skips the cell: it gets no key this time. Again: it is open."""

    keys, shown, word, name = "s", "s", "skip", "skip"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return screen.why_not_skip()

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.skip()


class SaveSheet(Command["RackScreen"]):
    """Saves the result sheet: who has which key, what is still to do. It holds no secret."""

    keys, shown, word, name = "f", "f", "save sheet", "save"

    @classmethod
    def problem(cls, screen: RackScreen) -> str:
        return "" if screen.rack else "There is no rack yet."

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.save_sheet()


class KeyBefore(Command["RackScreen"]):
    """Chooses the key before this one; up and down choose the person."""

    keys, shown, word, name = "left", "left", "", "key before"

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.choose_key(-1)


class KeyAfter(Command["RackScreen"]):
    """Chooses the key after this one."""

    keys, shown, word, name = "right", "right", "", "key after"

    @classmethod
    def run(cls, screen: RackScreen) -> None:
        screen.choose_key(1)


class LeaveRack(Back):
    """Gives the key up that is worked with, and its cell is open again; then leaves. What is not
    finished is kept: :rack goes on.
    """

    word = "back"
