"""A new API token: the web UI's fields, the rights of its own, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core.choices import user_words
from pve_auth_tui.core.intents import tokens
from pve_auth_tui.core.listing import Line
from screens.commands import Commands
from screens.fields import expire_field, expire_in, expire_line
from screens.form import COMES_OF_IT, OF_LONG_FORMS, FormScreen, OnDone
from widgets.field import Answer, AnyField, Choice, ChoiceEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.services.plans import Report

_NONE, _SAME = "none", "same"
_SEPARATED: Final = (
    "Yes: it gets only what its own ACL entries give, and never more than its user has. "
    "No: it may do all that its user may, also later."
)


class TokenForm(FormScreen):
    """`userid`: whose token it is to be, "" to be chosen."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = COMES_OF_IT

    def __init__(self, userid: str = "", on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._userid = userid

    @property
    def heading(self) -> str:
        return "Add: API Token"

    @property
    def draft(self) -> str:
        return "add token"

    def make_fields(self) -> Sequence[AnyField]:
        users = self.config.users if self.config else {}
        choices = [Choice(userid, user_words(users[userid])) for userid in sorted(users)]
        return [
            TextEntry(
                "user", "User", self._userid, choices=choices, rule=self._user_problem,
                help="Whose token it is: it never gets more than this user has. ^P lists them.",
            ),
            TextEntry(
                "tokenid", "Token ID", rule=self._name_problem,
                help="What it is for, such as backup: a letter first, then letters, digits, . - _",
            ),
            YesNoEntry("privsep", "Privilege Separation", True, help=_SEPARATED),
            ChoiceEntry(
                "rights", "Rights",
                [(_NONE, "none yet"), (_SAME, "the same roles as its user, on the same paths")],
                help="ACL entries of its own. Without any it logs in and sees nothing.",
            ),
            expire_field(self.known, "never"),
            TextEntry("comment", "Comment"),
        ]  # fmt: skip

    def filled(self) -> None:
        self._fold()

    def answer_changed(self, ident: str) -> None:
        if ident == "privsep":
            self._fold()

    def _fold(self) -> None:
        self.form.field("rights").display = self.form.field("privsep").value is True

    # --- rules -----------------------------------------------------------------------------

    def _user_problem(self, userid: str) -> str:
        if not userid:
            return "A token belongs to a user. ^P lists them."
        known = self.config is None or userid in self.config.users
        return "" if known else f"There is no user {userid}. ^P lists them."

    def _name_problem(self, name: str) -> str:
        userid = str(self.form.field("user").value)
        return tokens.new_token_problem(self.known, userid, name) if self.known else ""

    # --- what comes of it --------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if not (answers["user"] and answers["tokenid"]):
            return [Line("The plan of it stands here as soon as there are user and token ID.")]
        told = [expire_line(answers, self.now)] if answers["expire"] != "never" else []
        return [*told, *self.foreseen(self.intent(answers))]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        separated = answers["privsep"] is True
        return tokens.add(
            str(answers["user"]),
            str(answers["tokenid"]),
            comment=str(answers["comment"]).strip(),
            expire=expire_in(answers, self.now),
            privsep=separated,
            same_rights=separated and answers["rights"] == _SAME,
        )

    def dismiss_form(self, report: Report | None) -> None:
        from screens.token_test import offer_test

        super().dismiss_form(report)
        offer_test(self, report)
