"""What the keys do where the CAs are that this node trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Reload

if TYPE_CHECKING:
    from screens.trust import TrustScreen
    from screens.trust_check import TrustCheckScreen
    from screens.trust_import import OfferScreen
    from screens.trust_table import TrustTable

T = TypeVar("T", bound="TrustTable")

_OWN_NAME: Final = "ca"  # of the command that opens this


class OpenRow(Command["TrustTable"]):
    """Opens everything about the row under the cursor, with the whole chain."""

    keys, shown, word, name = "enter", "enter", "open", "open"

    @classmethod
    def problem(cls, screen: TrustTable) -> str:
        return "" if screen.table.key else "There is no row here."

    @classmethod
    def run(cls, screen: TrustTable) -> None:
        screen.open_row()


class MarkRow(Command[T]):
    """Marks the row, or takes the mark off; keys then act on all marked rows."""

    keys, shown, word, name = "space", "space", "mark", "mark"

    @classmethod
    def problem(cls, screen: T) -> str:
        return "" if screen.table.key else "There is no row here."

    @classmethod
    def run(cls, screen: T) -> None:
        screen.toggle_mark()


# --- the store -------------------------------------------------------------------------------


class ImportCa(Command["TrustScreen"]):
    """Imports a CA from a file of this node, or pasted: shows what it holds. Nothing is done."""

    keys, shown, word, name = "a", "a", "import", "import"

    @classmethod
    def problem(cls, screen: TrustScreen) -> str:
        return screen.why_no_change()

    @classmethod
    def run(cls, screen: TrustScreen) -> None:
        screen.import_ca()


class RemoveCa(Command["TrustScreen"]):
    """Removes the file, or all marked ones: shows the plan, and which realms rely on it."""

    keys, shown, word, name = "d", "d", "remove", "remove"

    @classmethod
    def problem(cls, screen: TrustScreen) -> str:
        return screen.why_no_change() or screen.why_no_file()

    @classmethod
    def run(cls, screen: TrustScreen) -> None:
        screen.remove_files()


class TestServer(Command["TrustScreen"]):
    """Tests whether this node trusts a server, or all domain controllers. No password is sent."""

    keys, shown, word, name = "t", "t", "test a server", "test"

    @classmethod
    def run(cls, screen: TrustScreen) -> None:
        screen.test_server()


class LookAgain(Reload):
    """Reads the files, the bundle and the hashed folder anew. The cursor stays on its row."""

    word = "again"

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("TrustScreen", screen).look_again()


class LeaveTrust(Back):
    """Drops the marks, then goes back."""

    word = "back"


# --- an input --------------------------------------------------------------------------------


class TakeCertificates(Command["OfferScreen"]):
    """Shows the plan that lets this node trust the certificate, or all marked ones."""

    keys, shown, word, name = "a", "a", "import", "import"

    @classmethod
    def problem(cls, screen: OfferScreen) -> str:
        return screen.why_not_taken()

    @classmethod
    def run(cls, screen: OfferScreen) -> None:
        screen.take()


class LeaveOffer(Back):
    """Goes back; nothing was imported."""

    word = "back"


# --- a check ---------------------------------------------------------------------------------


class ImportSent(Command["TrustCheckScreen"]):
    """Imports the root that the server sent: asks whether its fingerprint was compared before."""

    keys, shown, word, name = "a", "a", "import this CA", "import"

    @classmethod
    def problem(cls, screen: TrustCheckScreen) -> str:
        return screen.why_nothing_sent()

    @classmethod
    def run(cls, screen: TrustCheckScreen) -> None:
        screen.import_sent()


class OtherServer(Command["TrustCheckScreen"]):
    """Asks for another server or domain."""

    keys, shown, word, name = "e", "e", "another", "another"

    @classmethod
    def run(cls, screen: TrustCheckScreen) -> None:
        screen.ask_target()


class TestAgain(Reload):
    """Makes every handshake anew. The cursor stays on its row."""

    word = "again"

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return cast("TrustCheckScreen", screen).busy

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("TrustCheckScreen", screen).begin()


class LeaveCheck(Back):
    """Stops a test that runs, then goes back. Nothing was changed."""

    word = "back"


_REST: Commands = tuple(
    each for each in EVERYWHERE if each not in (Back, Reload) and each.name != _OWN_NAME
)

OF_STORE: Commands = (
    *(OpenRow, ImportCa, RemoveCa, TestServer, MarkRow, LookAgain, LeaveTrust),
    *_REST,
)
OF_OFFER: Commands = (OpenRow, MarkRow, TakeCertificates, LeaveOffer, *_REST)
OF_CHECK: Commands = (OpenRow, ImportSent, OtherServer, TestAgain, LeaveCheck, *_REST)
