"""What the keys of the keyboard do with the security keys that are plugged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from pve_auth_tui.core.keypins import no_pin_problem
from screens.base import BaseScreen
from screens.commands import Back, Command, Reload

if TYPE_CHECKING:
    from screens.keys import KeysScreen

_READING: Final = "The keys are just being read."


class OfKey(Command["KeysScreen"]):
    """One that needs a key under the cursor, and that none is being read."""

    @classmethod
    def problem(cls, screen: KeysScreen) -> str:
        if screen.plugged is None:
            return _READING if screen.reads else "There is no security key here."
        return screen.plugged.info.problem or (_READING if screen.reads else "")


class OpenKey(Command["KeysScreen"]):
    """Opens everything that the key says of itself, and whose entries it holds."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def problem(cls, screen: KeysScreen) -> str:
        return "" if screen.table.key else "There is no security key here."

    @classmethod
    def run(cls, screen: KeysScreen) -> None:
        screen.open_key()


class ChangePin(OfKey):
    """Sets the key's PIN, or changes it. Reset is never offered: it deletes every account on the
    key, those of other systems, too.
    """

    keys, shown, word, name = "p", "p", "PIN", "pin"

    @classmethod
    def problem(cls, screen: KeysScreen) -> str:
        if problem := super().problem(screen):
            return problem
        node, found = screen.house.node, screen.plugged
        if node is not None and node.read_only:
            return "This was started with --read-only: no PIN is changed."
        return no_pin_problem(found.info) if found else ""

    @classmethod
    def run(cls, screen: KeysScreen) -> None:
        screen.change_pin()


class EnrolWith(OfKey):
    """Enrols a security key for somebody whom you pick."""

    keys, shown, word, name = "e", "e", "enrol", "enrol"

    @classmethod
    def problem(cls, screen: KeysScreen) -> str:
        return super().problem(screen) or screen.house.why_no_change()

    @classmethod
    def run(cls, screen: KeysScreen) -> None:
        screen.enrol()


class TestKey(OfKey):
    """Proves that somebody whose entry the key holds can log in with it."""

    keys, shown, word, name = "t", "t", "test", "test"

    @classmethod
    def problem(cls, screen: KeysScreen) -> str:
        if problem := super().problem(screen):
            return problem
        return "" if screen.held else "The key holds nobody's entry, as far as it tells."

    @classmethod
    def run(cls, screen: KeysScreen) -> None:
        screen.test()


class ReadKeysAgain(Reload):
    """Reads the keys and the node anew. The cursor stays on its key."""

    word = "again"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("KeysScreen", screen).ask_again()
        super().run(screen)


class LeaveKeys(Back):
    """Goes back."""

    word = "back"
