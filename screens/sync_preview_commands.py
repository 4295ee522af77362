"""What the keys do in the preview of a sync."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, Reload

if TYPE_CHECKING:
    from screens.sync_preview import SyncPreviewScreen


class OpenSynced(Command["SyncPreviewScreen"]):
    """Opens the list of those to whom it happens, or everything about the line."""

    keys, shown, word, name = "enter", "enter", "list", "open"

    @classmethod
    def problem(cls, screen: SyncPreviewScreen) -> str:
        return screen.why_no_preview()

    @classmethod
    def run(cls, screen: SyncPreviewScreen) -> None:
        screen.open_row()


class TurnChoice(Command["SyncPreviewScreen"]):
    """Changes the choice under the cursor: the preview follows at once, and nothing is done."""

    keys, shown, word, name = "space", "space", "change", "change"

    @classmethod
    def problem(cls, screen: SyncPreviewScreen) -> str:
        return screen.why_no_choice()

    @classmethod
    def run(cls, screen: SyncPreviewScreen) -> None:
        screen.turn_choice()


class FindPerson(Command["SyncPreviewScreen"]):
    """Finds a person or group, and says what the sync makes of them."""

    keys, shown, word, name = "slash", "/", "find", "find"

    @classmethod
    def problem(cls, screen: SyncPreviewScreen) -> str:
        return screen.why_no_preview()

    @classmethod
    def run(cls, screen: SyncPreviewScreen) -> None:
        screen.find_person()


class SaveSynced(Command["SyncPreviewScreen"]):
    """Saves the whole list to a file that only you can read."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def problem(cls, screen: SyncPreviewScreen) -> str:
        return screen.why_no_preview()

    @classmethod
    def run(cls, screen: SyncPreviewScreen) -> None:
        screen.save()


class SyncNow(Command["SyncPreviewScreen"]):
    """Shows the plan of this very sync. Nothing is done yet."""

    keys, shown, word, name = "s", "s", "sync...", "plan"

    @classmethod
    def problem(cls, screen: SyncPreviewScreen) -> str:
        return screen.why_no_sync()

    @classmethod
    def run(cls, screen: SyncPreviewScreen) -> None:
        screen.plan_sync()


class TestServers(Command["SyncPreviewScreen"]):
    """Tests the realm's servers stage by stage."""

    keys, shown, word, name = "t", "t", "", "test"

    @classmethod
    def problem(cls, screen: SyncPreviewScreen) -> str:
        return screen.busy

    @classmethod
    def run(cls, screen: SyncPreviewScreen) -> None:
        screen.test_servers()


class ReadDirectory(Reload):
    """Reads the directory anew. The choices stay."""

    @classmethod
    def problem(cls, screen: BaseScreen) -> str:
        return cast("SyncPreviewScreen", screen).busy

    @classmethod
    def run(cls, screen: BaseScreen) -> None:
        cast("SyncPreviewScreen", screen).begin()


class LeavePreview(Back):
    """Stops reading, then goes back. Nothing was written."""

    word = "back"


OF_PREVIEW: Commands = (
    *(OpenSynced, TurnChoice, FindPerson, SaveSynced, SyncNow, LeavePreview),
    *(TestServers, ReadDirectory),
    *(each for each in EVERYWHERE if each not in (Back, Reload)),
)
