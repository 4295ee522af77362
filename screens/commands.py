"""One class per command: its key, its word in the last line, its name behind `:`, its help."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType

from widgets.lines import KeyHint

if TYPE_CHECKING:
    from screens.base import BaseScreen

S = TypeVar("S", bound="BaseScreen")

Commands = tuple[type["Command[Any]"], ...]


class Command(Generic[S]):
    """The class's docstring is its help; the rest stands here and nowhere else.

    `keys` are Textual's names, comma separated; `shown` is the key as a person reads it;
    `word` stands beside it in the last line ("" keeps it out); `name` is what `:` takes.
    """

    keys: ClassVar[str]
    shown: ClassVar[str]
    word: ClassVar[str] = ""
    name: ClassVar[str]

    @classmethod
    def help(cls) -> str:
        return " ".join(cleandoc(cls.__doc__ or "").split())

    @classmethod
    def problem(cls, screen: S) -> str:
        """Why it cannot work now, as one sentence; "" when it can."""
        return ""

    @classmethod
    def run(cls, screen: S) -> None:
        raise NotImplementedError


def bindings(commands: Iterable[type[Command[Any]]]) -> list[BindingType]:
    """Textual's bindings for the commands, so that no key is written twice."""
    return [
        Binding(
            command.keys, f"command('{command.name}')", command.word or command.name, show=False
        )
        for command in commands
        if command.keys
    ]


def hints(commands: Sequence[type[Command[Any]]], screen: BaseScreen) -> list[KeyHint]:
    """The last line of a screen."""
    return [
        KeyHint(command.shown, command.word, works=not command.problem(screen))
        for command in commands
        if command.word
    ]


class Help(Command["BaseScreen"]):
    """Tells the keys of this screen."""

    keys, shown, word, name = "question_mark", "?", "more", "help"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.show_help()


class Prompt(Command["BaseScreen"]):
    """Goes anywhere by name: a list, a command of this screen, a user, a path. Tab completes."""

    keys, shown, word, name = "colon,ctrl+p", ":", "", "prompt"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.open_prompt()


class Back(Command["BaseScreen"]):
    """One step back."""

    keys, shown, word, name = "escape", "esc", "", "back"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.step_back()


class Quit(Command["BaseScreen"]):
    """Leaves the program."""

    keys, shown, word, name = "q", "q", "", "quit"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.leave()


class Reload(Command["BaseScreen"]):
    """Reads everything anew. The cursor stays on its row."""

    keys, shown, word, name = "r,f5", "r", "", "reload"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.say("Reading ...")
        screen.house.reload()


class Ways(Command["BaseScreen"]):
    """Tells how the node is reached, and why no better way works."""

    keys, shown, word, name = "", "", "", "ways"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.show_ways()


class Demo(Command["BaseScreen"]):
    """On the demo cluster: breaks things, and mends them, to see what the program makes of it."""

    keys, shown, word, name = "", "", "", "demo"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return "" if screen.house.stories else "Only the demo breaks things: `pve-auth-tui demo`."

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.choose_story()


class GlyphsCommand(Command["BaseScreen"]):
    """Switches what is drawn, for a terminal that shows rubbish: unicode, cp437, ascii."""

    keys, shown, word, name = "", "", "", "glyphs"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.say(screen.house.next_glyphs())


class Keep(Command["BaseScreen"]):
    """Keeps a change that would take itself back."""

    keys, shown, word, name = "K", "K", "", "keep"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return "" if screen.house.armed else "Nothing takes itself back now."

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.keep_changes()


class Undo(Command["BaseScreen"]):
    """Takes the last change back that was made with this program: shows the plan of it."""

    keys, shown, word, name = "u", "u", "", "undo"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.undo()


class Collect(Command["BaseScreen"]):
    """Collects changes from now on, for one plan; again: drops them."""

    keys, shown, word, name = "", "", "", "collect"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.say(screen.house.turn_collecting())
        screen.refresh_head()


class ReviewCollected(Command["BaseScreen"]):
    """Shows the changes that were collected, as one plan."""

    keys, shown, word, name = "", "", "", "review"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return "" if screen.house.collected else "Nothing is collected. :collect begins."

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.review_collected()


class JournalCommand(Command["BaseScreen"]):
    """Shows what was changed with this program, by whom."""

    keys, shown, word, name = "", "", "", "journal"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_journal()


class KeysCommand(Command["BaseScreen"]):
    """Shows the security keys in this machine's USB ports: PIN, tries left, whose entries."""

    keys, shown, word, name = "", "", "", "keys"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_keys()


class RackCommand(Command["BaseScreen"]):
    """Enrols several security keys for several people in one go: the marked ones."""

    keys, shown, word, name = "", "", "", "rack"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_rack(screen.people)


class WebauthnCommand(Command["BaseScreen"]):
    """The settings that every security key is bound to, and at which addresses they work."""

    keys, shown, word, name = "", "", "", "webauthn"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_webauthn()


class SurviveCommand(Command["BaseScreen"]):
    """Who still gets in, whatever breaks: each way in of administrators against each trouble."""

    keys, shown, word, name = "", "", "", "survive"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_survive()


class JoinCommand(Command["BaseScreen"]):
    """Joins this node to Active Directory, proves it, takes it out again. `:join DOMAIN`."""

    keys, shown, word, name = "", "", "", "join"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_join()


class PamCommand(Command["BaseScreen"]):
    """Looks at PAM's files: does root always get in, and nobody without a password?"""

    keys, shown, word, name = "", "", "", "pam"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_pam()


class TrustCommand(Command["BaseScreen"]):
    """Shows which CAs this node trusts; imports one, removes one, checks a domain controller's."""

    keys, shown, word, name = "", "", "", "ca"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_trust()


class Recover(Command["BaseScreen"]):
    """Gets back in: locked out, phone lost, no quorum. `:recover USER` is about somebody else."""

    keys, shown, word, name = "0", "0", "", "recover"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        screen.house.open_recover()


class Health(Command["BaseScreen"]):
    """Quorum, clock, PAM, certificates, logs."""

    keys, shown, word, name = "9", "9", "", "health"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return "Health is not built yet. Start (Esc) tells what the files show."


def go_to(listing: str, title: str, digit: str) -> type[Command[BaseScreen]]:
    """The command that opens a list by its digit or its name."""

    class GoTo(Command["BaseScreen"]):
        keys, shown, word, name = digit, digit, "", listing

        @classmethod
        def run(cls, screen: BaseScreen) -> None:
            screen.house.open_list(listing)

    GoTo.__doc__ = f"Opens the list {title}."
    return GoTo
