"""An API token beside its user: what each has, what the token gets, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.message import Message
from textual.worker import get_current_worker

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.snapshot import Snapshot
from screens.base import EVERYWHERE, BaseScreen
from screens.commands import Back, Command, Commands, hints
from widgets.lines import KeyHint, KeyLine, Rule
from widgets.text_view import TextView

if TYPE_CHECKING:
    from pve_auth_tui.core.why.tokenrights import TokenRights
    from pve_auth_tui.services.plans import Report

_DIGITS: Final = "1,2,3,4,5,6,7,8,9"


class TakeFix(Command["TokenRightsScreen"]):
    """Shows the plan of what would help; the digits stand beside the fixes."""

    keys, shown, word, name = _DIGITS, "1-9", "fix", "fix"

    @classmethod
    def problem(cls, screen: TokenRightsScreen) -> str:
        return screen.why_no_fix()

    @classmethod
    def run(cls, screen: TokenRightsScreen) -> None:
        screen.take_fix()


class AskAsToken(Command["TokenRightsScreen"]):
    """Asks PVE as the token, with its secret, and counts what it sees."""

    keys, shown, word, name = "t", "t", "test", "test"

    @classmethod
    def problem(cls, screen: TokenRightsScreen) -> str:
        return screen.house.why_no_login()

    @classmethod
    def run(cls, screen: TokenRightsScreen) -> None:
        screen.test()


class EditToken(Command["TokenRightsScreen"]):
    """Edits the token: privilege separation, expiry, comment."""

    keys, shown, word, name = "e", "e", "edit", "edit"

    @classmethod
    def problem(cls, screen: TokenRightsScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: TokenRightsScreen) -> None:
        screen.edit()


class RenewToken(Command["TokenRightsScreen"]):
    """Gives the token a new secret: shows the plan of it first. The old one then stops working."""

    keys, shown, word, name = "g", "g", "new secret", "new-secret"

    @classmethod
    def problem(cls, screen: TokenRightsScreen) -> str:
        return screen.house.why_no_change()

    @classmethod
    def run(cls, screen: TokenRightsScreen) -> None:
        screen.renew()


class WhyToken(Command["TokenRightsScreen"]):
    """Explains why the token can or cannot do something."""

    keys, shown, word, name = "w", "w", "why", "why"

    @classmethod
    def run(cls, screen: TokenRightsScreen) -> None:
        screen.explain(screen.tokenid)


class LeaveRights(Back):
    """Back to the list."""

    word = "back"


class TokenRightsScreen(BaseScreen):
    """The table, the reason, the fixes, and what PVE answered when it was last asked here."""

    OFFERS: ClassVar[Commands] = (
        TakeFix, AskAsToken, EditToken, RenewToken, WhyToken, LeaveRights,
        *(one for one in EVERYWHERE if one is not Back and one.keys not in _DIGITS.split(",")),
    )  # fmt: skip

    @dataclass
    class Found(Message):
        """How it stands in a picture."""

        rights: TokenRights

    @dataclass
    class NotFound(Message):
        """Why that cannot be told."""

        error: AuthTuiError

    def __init__(self, tokenid: str) -> None:
        super().__init__()
        self.tokenid = tokenid
        self._rights: TokenRights | None = None
        self._worked_on: Snapshot | None = None
        self._tested: Sequence[Line] = ()
        self._digit = 0

    @property
    def open_title(self) -> str:
        return "API Tokens"

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield TextView((), id="text")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one(Rule).show_parts(plain(self.tokenid))
        self.query_one(TextView).focus()
        self.snapshot_changed()

    def _show_tabs(self, *, numbered: bool = True) -> None:
        """The digits take fixes here."""
        super()._show_tabs(numbered=False)

    # --- working it out ------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self.snapshot_changed()

    def snapshot_changed(self) -> None:
        self.refresh_head()
        snapshot = self.house.snapshot
        if snapshot is None:
            self._show(self.house.why_no_picture())
        elif snapshot is not self._worked_on and self.is_current:
            self._worked_on = snapshot
            self._find_out(snapshot)

    @work(thread=True, exclusive=True, group="rights", exit_on_error=False)
    def _find_out(self, snapshot: Snapshot) -> None:
        from pve_auth_tui.core.why.tokenrights import token_rights

        message: Message
        try:
            message = self.Found(token_rights(snapshot, self.tokenid, now=snapshot.taken_at))
        except AuthTuiError as error:
            message = self.NotFound(error)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    @on(Found)
    def _found(self, message: Found) -> None:
        self._rights = message.rights
        self._show_all()

    @on(NotFound)
    def _not_found(self, message: NotFound) -> None:
        self._rights = None
        self._show([Line(f"{message.error} {message.error.hint}".strip(), word="BAD")])

    def _show_all(self) -> None:
        from pve_auth_tui.core.why.tokenrights import rights_lines

        if self._rights is None:
            return
        lines = rights_lines(self._rights)
        width = max((len(plain(fix.title)) for fix in self._rights.fixes), default=0)
        for number, fix in enumerate(self._rights.fixes, start=1):
            lines.append(
                Line(f"{plain(fix.title):{min(width, 40)}}  {fix.effect}", f"Fix {number}")
            )
        if self._tested:
            lines += [Line(""), Line("Asked as the token:"), *self._tested]
        self._show(lines)

    def _show(self, lines: Sequence[Line]) -> None:
        for view in self.query(TextView):
            view.show(lines)
        self.show_keys()

    # --- keys ------------------------------------------------------------------------------------

    def show_keys(self) -> None:
        """With the digits that are there."""
        number = len(self._rights.fixes) if self._rights else 0
        digits = "1" if number == 1 else f"1-{number}"
        shown: list[KeyHint] = []
        for hint in hints(self.OFFERS, self):
            if hint.key != TakeFix.shown:
                shown.append(hint)
            elif number:
                shown.append(hint._replace(key=digits))
        self.query_one(KeyLine).show_hints(shown)

    def on_key(self, event: Key) -> None:
        """A digit takes what carries it."""
        if event.character and event.character.isdigit():
            self._digit = int(event.character)

    def why_no_fix(self) -> str:
        """Why a digit does nothing now; "" when it does."""
        fixes = self._rights.fixes if self._rights else ()
        if not fixes:
            return "There is nothing here that a digit would take."
        if self._digit > len(fixes):
            return f"There is no fix {self._digit}."
        return self.house.why_no_change()

    def take_fix(self) -> None:
        """The plan of the fix whose digit was pressed."""
        rights, digit, self._digit = self._rights, self._digit, 0
        if rights is None or not digit:
            self.say("The digits take the fixes.")
            return
        self.house.review(rights.fixes[digit - 1].intent, self._changed)

    def test(self) -> None:
        """`t`"""
        from screens.token_test import TokenTestScreen

        self.app.push_screen(TokenTestScreen(self.tokenid, on_tested=self._asked))

    def _asked(self, lines: Sequence[Line]) -> None:
        self._tested = lines
        self._show_all()

    def edit(self) -> None:
        """`e`"""
        from screens.token_edit_form import TokenEditForm

        self.app.push_screen(TokenEditForm([self.tokenid], self._changed))

    def renew(self) -> None:
        """`g`"""
        from screens.token_test import renew

        renew(self, [self.tokenid], self._changed)

    def _changed(self, report: Report | None) -> None:
        """What PVE answered before holds no longer."""
        if report is not None and not report.nothing_done:
            self._tested = ()
            self.say("Done. This is how it stands now; t asks PVE as the token.")
