"""The stages of a security key's enrolment, and the keys that do something in each of them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final

from screens.commands import Back, Command, Commands, Demo, Help, Prompt

if TYPE_CHECKING:
    from screens.enrol_key import EnrolKeyScreen


class Step(Enum):
    """Where an enrolment stands."""

    CHECKING = "checking the settings"
    SETUP = "the settings are no good"
    SCAN = "waiting for a key"
    CHOOSE = "which of several keys"
    LOOKING = "looking at the key"
    LABEL = "what the entry is called"
    WORK = "the key works"
    TROUBLE = "something went wrong"
    STORED = "it is stored: how is it proved"
    PROVING = "its signature is checked"
    AFTER = "what else"


class _In(Command["EnrolKeyScreen"]):
    """One that works in some of the steps."""

    steps: ClassVar[frozenset[Step]] = frozenset()

    @classmethod
    def problem(cls, screen: EnrolKeyScreen) -> str:
        return "" if screen.step in cls.steps else "That key does nothing at this stage."


class Settings(_In):
    """Opens the WebAuthn settings, with a proposal for this cluster."""

    keys, shown, word, name = "e", "e", "settings", "settings"
    steps = frozenset({Step.SETUP})

    @classmethod
    def run(cls, screen: EnrolKeyScreen) -> None:
        screen.house.open_webauthn()


class Again(_In):
    """Tries again: looks, or asks the key once more. What was agreed to is not asked anew."""

    keys, shown, word, name = "r,enter", "r", "again", "again"
    steps = frozenset({Step.SETUP, Step.SCAN, Step.CHOOSE, Step.TROUBLE})

    @classmethod
    def run(cls, screen: EnrolKeyScreen) -> None:
        screen.again()


class Original(_In):
    """Shows the words of PVE or of the key, as they came."""

    keys, shown, word, name = "o", "o", "original text", "original"
    steps = frozenset({Step.SETUP, Step.TROUBLE})

    @classmethod
    def problem(cls, screen: EnrolKeyScreen) -> str:
        there = "" if screen.original else "There is no other text to it."
        return super().problem(screen) or there

    @classmethod
    def run(cls, screen: EnrolKeyScreen) -> None:
        screen.turn_original()


class Pin(_In):
    """Opens the plugged-in keys, where a PIN is set or changed."""

    keys, shown, word, name = "p", "p", "PIN", "pin"
    steps = frozenset({Step.TROUBLE})

    @classmethod
    def problem(cls, screen: EnrolKeyScreen) -> str:
        there = "" if screen.wants_pin else "Keys (:keys) sets and changes PINs."
        return super().problem(screen) or there

    @classmethod
    def run(cls, screen: EnrolKeyScreen) -> None:
        screen.house.open_keys()


class Touch(_In):
    """All plugged-in keys blink: the one that is touched is taken."""

    keys, shown, word, name = "t", "t", "by touch", "touch"
    steps = frozenset({Step.CHOOSE})

    @classmethod
    def run(cls, screen: EnrolKeyScreen) -> None:
        screen.choose_by_touch()


class GoOn(_In):
    """Shows the plan of what was typed; when it is agreed to, the key is asked."""

    keys, shown, word, name = "ctrl+o", "^O", "review", "review"
    steps = frozenset({Step.LABEL})

    @classmethod
    def run(cls, screen: EnrolKeyScreen) -> None:
        screen.review()


class FieldHelp(_In):
    """Tells what the field is for."""

    keys, shown, word, name = "ctrl+g", "^G", "help", "field"
    steps = frozenset({Step.LABEL})

    @classmethod
    def run(cls, screen: EnrolKeyScreen) -> None:
        screen.help_on_field()


class Leave(Back):
    """One step back. While the key works: gives it up, and says what stays."""

    word = "back"


def _take(number: int) -> type[Command[EnrolKeyScreen]]:
    """What carries that digit on the screen."""

    class Take(_In):
        keys, shown, word, name = str(number), str(number), "", f"take {number}"
        steps = frozenset({Step.CHOOSE, Step.STORED, Step.AFTER})

        @classmethod
        def problem(cls, screen: EnrolKeyScreen) -> str:
            there = "" if number <= screen.offered else f"Nothing carries the digit {number}."
            return super().problem(screen) or there

        @classmethod
        def run(cls, screen: EnrolKeyScreen) -> None:
            screen.take(number)

    Take.__doc__ = f"Takes what carries the digit {number} on the screen."
    return Take


TAKES: Final[Commands] = tuple(_take(number) for number in range(1, 10))
OF_ENROLLING: Final[Commands] = (
    *(Settings, Touch, GoOn, FieldHelp, Again, Pin, Original, Leave),
    *TAKES,
    *(Prompt, Demo, Help),
)
