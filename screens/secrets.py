"""Screens that can show a secret: it is hidden until somebody wants it, and cleared away (R7)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.terminal import wipe
from screens.base import BaseScreen
from screens.choose import ChooseScreen

if TYPE_CHECKING:
    from pve_auth_tui.core.secret import Secret

_ON_A_LINE: Final = 120.0  # seconds that a secret stands on a serial line


class SecretScreen(BaseScreen):
    """`show_secrets` and `hide_secrets` are the subclass's; the rest is the same everywhere."""

    SAVES: ClassVar[bool] = False  # whether a file can take the place of the screen
    AGAIN: ClassVar[str] = "Hidden again after 2 minutes. ^R shows it."

    def __init__(self) -> None:
        super().__init__()
        self._agreed = False
        self._drawn = False  # since the terminal was cleared
        self._blank: Timer | None = None

    def show_secrets(self) -> None:
        """Draw what is hidden."""
        raise NotImplementedError

    def hide_secrets(self) -> None:
        """Draw something else in its place."""
        raise NotImplementedError

    def wants_secrets(self) -> None:
        """Somebody asks to see it: at once, or after a warning that it may be recorded."""
        if self._agreed or not self.house.profile.recorded_by:
            self._show_now()
            return

        def answered(index: int | None) -> None:
            if index == 1:
                self._agreed = True
                self._show_now()
            elif index == 2:
                self.save_secrets()
            else:
                self.say("It stays hidden.")

        question = f"{recording(self.house.profile.recorded_by)}. Show it?"
        options = ["keep it hidden", "show it all the same"]
        if self.SAVES:
            options.append("save it to a file that only root can read")
        self.app.push_screen(ChooseScreen(question, options), answered)

    # --- a file instead -------------------------------------------------------------

    class Saved(Message):
        """Where they lie, and what to know about that place."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    class NotSaved(Message):
        """They are not saved, and why."""

        def __init__(self, error: AuthTuiError) -> None:
            super().__init__()
            self.error = error

    def save_secrets(self) -> None:
        """Ask for a path, and save there; only where `SAVES` says so."""
        from screens.rename import RenameScreen

        def named(path: str | None) -> None:
            if path is not None:
                self.save_to(path, self.sheet)

        dialog = RenameScreen("File", "", _file_problem, title="Save the secret", done="save")
        self.app.push_screen(dialog, named)

    def sheet(self) -> Secret:
        """What the file is to hold; only where `SAVES` says so."""
        raise NotImplementedError

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def save_to(self, path: str, make_sheet: Callable[[], Secret]) -> None:
        """Make a file of a secret, for root alone; what came of it arrives as a message."""
        message: Message
        try:
            kept = self.house.workshop.keepsake.save(Path(path.strip()), make_sheet())
            message = self.Saved(" ".join((f"Saved as {kept.path}.", *kept.remarks)))
        except AuthTuiError as error:
            message = self.NotSaved(error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Saved)
    def _saved(self, message: Saved) -> None:
        self.was_saved(message.sentence)

    @on(NotSaved)
    def _not_saved(self, message: NotSaved) -> None:
        self.was_not_saved(message.error)

    def was_saved(self, sentence: str) -> None:
        self.say(sentence)

    def was_not_saved(self, error: AuthTuiError) -> None:
        self.house.tell(error)

    def _show_now(self) -> None:
        self._drawn = True
        wipe.marked(self.app._driver)
        self.show_secrets()
        if self.house.profile.serial:
            self._stop_blanking()
            self._blank = self.set_timer(_ON_A_LINE, self._blanked)

    def _blanked(self) -> None:
        self.put_away()
        self.say(self.AGAIN)

    def _stop_blanking(self) -> None:
        if self._blank is not None:
            self._blank.stop()
            self._blank = None

    def put_away(self) -> None:
        """Hide it, clear the terminal and what it has kept, and draw what is left."""
        self.hide_secrets()
        self._stop_blanking()
        if self._drawn:
            self._drawn = False
            wipe.cleared(self.app._driver)
            self.app.screen.refresh(repaint=True, layout=True)

    def step_back(self) -> None:
        self.put_away()
        super().step_back()

    def on_screen_suspend(self) -> None:
        """However it is left."""
        self.put_away()


def _file_problem(path: str) -> str:
    return "" if path.strip() else "The whole path of a new file, such as /run/keys/totp.txt."


def recording(by: str) -> str:
    """The warning on a terminal that is recorded, or may be; `by` is Profile.recorded_by."""
    return f"This terminal may be recorded ({by})"
