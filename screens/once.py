"""What PVE answers only once: the secret of an API token that is new, or was made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tokenheader import told
from pve_auth_tui.core.words import listed
from screens.commands import Back, Command, Commands
from screens.secrets import SecretScreen, recording
from widgets.detail_pane import Paragraph
from widgets.lines import Rule
from widgets.secret_view import SecretView

_HIDDEN = "Hidden: ^R shows it."


class ShowOnce(Command["OnceScreen"]):
    """Shows what is hidden, or hides it again."""

    keys, shown, word, name = "ctrl+r", "^R", "show or hide", "reveal"

    @classmethod
    def run(cls, screen: OnceScreen) -> None:
        screen.turn()


class SaveOnce(Command["OnceScreen"]):
    """Saves it to a new file that only root can read."""

    keys, shown, word, name = "f", "f", "save", "save"

    @classmethod
    def run(cls, screen: OnceScreen) -> None:
        screen.save_secrets()


class LeaveOnce(Back):
    """Leaves; asks once while it was neither shown nor saved."""

    word = "back"


class OnceScreen(SecretScreen):
    """`secrets`: what each is of, and the value. `on_left` is called when the screen is left."""

    OFFERS: ClassVar[Commands] = (ShowOnce, SaveOnce, LeaveOnce)
    SAVES = True

    def __init__(self, secrets: Sequence[tuple[str, Secret]], on_left: Callable[[], None]) -> None:
        super().__init__()
        self._secrets = tuple(secrets)
        self._on_left = on_left
        self._is_kept = False  # seen or saved, as far as anybody can tell
        self._asked_to_leave = False

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        with VerticalScroll(id="body"):
            yield Paragraph(
                (
                    Line("PVE tells it once. If the token had another one, that has ended."),
                    Line("First as programs take it, then as the header of a request:"),
                )
            )
            yield SecretView((_HIDDEN,), id="secret")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        names = listed([plain(name) for name, _ in self._secrets])
        self.query_one(Rule).show_parts(f"New secret of {names}")
        self.query_one(VerticalScroll).focus()
        by = self.house.profile.recorded_by
        self.say(f"{f'{recording(by)}. ' if by else ''}^R shows it, f saves it to a file.")

    def turn(self) -> None:
        """`^R`"""
        if self.query_one(SecretView).is_shown:
            self.put_away()
        else:
            self.wants_secrets()

    def show_secrets(self) -> None:
        self._is_kept = True
        self.query_one(SecretView).show(self._drawn_lines)
        self.call_after_refresh(self._tell_of_more)

    def _tell_of_more(self) -> None:
        if self.query_one(VerticalScroll).max_scroll_y:
            self.say("PgDn shows more. f saves all of them to a file.")

    def _drawn_lines(self) -> list[str]:
        """Those of the sheet, broken where the screen ends."""
        width = max(20, self.size.width - 4)
        texts = self.sheet().reveal().splitlines()
        return [part for text in texts for part in wrap(text, width, break_on_hyphens=False)]

    def hide_secrets(self) -> None:
        for view in self.query(SecretView):
            view.hide()

    def was_saved(self, sentence: str) -> None:
        self._is_kept = True
        super().was_saved(sentence)

    def step_back(self) -> None:
        if not self._is_kept and not self._asked_to_leave:
            self._asked_to_leave = True
            self.say("Nobody can see it again. Esc once more leaves all the same.")
            return
        super().step_back()
        self._on_left()

    def sheet(self) -> Secret:
        return Secret("".join(told(name, value).reveal() for name, value in self._secrets))
