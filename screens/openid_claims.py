"""Somebody's claims, pasted or from a file: what PVE would make of them at a login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, cast

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.claims import claimed, read_claims
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words
from pve_auth_tui.services.pastedfile import pasted_file
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, Review
from screens.openid_claims_rows import claimed_lines
from widgets.field import AnyField, ChoiceEntry, TextEntry
from widgets.pasted_field import PastedEntry

_PASTED, _FILE = "pasted", "file"
_HELP: Final = (
    "An ID token, the answer of the token endpoint, or the userinfo as JSON. It stays hidden, and"
    " is forgotten once it is read."
)


class ReadPasted(Review):
    """Reads it, and shows what PVE would make of it. Nothing is sent, and nothing is kept."""

    word, name = "read", "read"


class LeaveClaims(LeaveForm):
    """Leaves; nothing that was pasted is kept."""

    word = "back"


class OpenIdClaimsScreen(FormScreen):
    """`settings`: of the realm that they are for, saved or not."""

    OFFERS: ClassVar[Commands] = (ReadPasted, FieldHelp, LeaveClaims)

    @dataclass
    class Read(Message):
        """What PVE would make of it."""

        lines: Sequence[Line]

    @dataclass
    class NotRead(Message):
        """It is no claims, or cannot be read; and why."""

        error: AuthTuiError

    def __init__(self, settings: OpenIdSettings) -> None:
        super().__init__()
        self._settings = settings

    @property
    def heading(self) -> str:
        return f"Claims for realm {self._settings.realm or '(not named yet)'}"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            ChoiceEntry(
                "source", "From", [(_PASTED, "pasted here"), (_FILE, "a file on this node")],
                help="A console without a paste takes a file: JSON, or the token alone.",
            ),
            PastedEntry("pasted", "Token or userinfo", rule=self._pasted_problem, help=_HELP),
            TextEntry(
                "path", "File", rule=self._path_problem,
                help="Its whole path, such as /root/userinfo.json. Remove it afterwards.",
            ),
        ]  # fmt: skip

    def filled(self) -> None:
        self._fold()
        self.call_after_refresh(self.form.focus_field, "pasted")
        self.say("Paste an ID token or the userinfo: it stays hidden. ^O reads it.")

    @property
    def _source(self) -> str:
        return str(self.form.field("source").value)

    def _fold(self) -> None:
        self.form.field("pasted").display = self._source == _PASTED
        self.form.field("path").display = self._source == _FILE

    def answer_changed(self, ident: str) -> None:
        if ident == "source":
            self.form.clear_secrets()
            self._fold()
        elif ident == "pasted":
            length = cast(PastedEntry, self.form.field("pasted")).length
            self.say(f"{count_words(length, 'character', 'characters')}, hidden. ^O reads it.")

    def _pasted_problem(self, pasted: Secret) -> str:
        there = bool(pasted.reveal().strip()) or self._source == _FILE
        return "" if there else "Nothing was pasted yet."

    def _path_problem(self, path: str) -> str:
        is_whole = path.strip().startswith("/") or self._source == _PASTED
        return "" if is_whole else "The whole path of a file, from / on."

    # --- reading -----------------------------------------------------------------------------

    def review(self) -> None:
        pasted = cast(Secret, self.form.field("pasted").value)
        self.form.clear_secrets()
        self.say("Reading ...")
        path = str(self.form.field("path").value).strip()
        self._read(None if self._source == _FILE else pasted, path, self.picture, self.now)

    @work(thread=True, exclusive=True, group="claims", exit_on_error=False)
    def _read(self, pasted: Secret | None, path: str, snapshot: Snapshot, now: float) -> None:
        message: Message
        try:
            text = pasted_file(Path(path)) if pasted is None else pasted
            found = claimed(self._settings, read_claims(text), snapshot, now)
            message = self.Read(tuple(claimed_lines(found)))
        except AuthTuiError as error:
            message = self.NotRead(error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Read)
    def _was_read(self, message: Read) -> None:
        from screens.details import DetailsScreen

        self.say("It was read, and is forgotten.")
        heading = f"What PVE would make of them: realm {self._settings.realm}".rstrip()
        self.app.push_screen(DetailsScreen("Realms", heading, message.lines))

    @on(NotRead)
    def _was_not_read(self, message: NotRead) -> None:
        self.tell(message.error)
