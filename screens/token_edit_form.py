"""API tokens that are there: one with its values, or several that get the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core import expiry
from pve_auth_tui.core.intents import tokens
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.userconfig import Token
from pve_auth_tui.core.words import listed
from screens.commands import Commands
from screens.form import OF_LONG_FORMS
from screens.user_fields import OnDone, PeopleForm
from widgets.field import Answer, AnyField, ChoiceEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent

_LEAVE, _YES, _NO, _NONE, _OTHER = "leave", "yes", "no", "none", "other"
_BLANK: Final = "Blank leaves it as it is. never, a date like 2027-01-31, or +30d (h d w m y)."
_SEPARATED: Final = "Whether only ACL entries of its own count. Without it, it is its user."


class TokenEditForm(PeopleForm):
    """`tokenids`: full token ids; of several nothing is changed that is left as it is."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS

    def __init__(self, tokenids: Sequence[str], on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._tokenids = tuple(tokenids)
        self._began: Mapping[str, Answer] = {}

    @property
    def heading(self) -> str:
        if len(self._tokenids) == 1:
            return f"Edit: API Token {self._tokenids[0]}"
        return f"Edit: {len(self._tokenids)} API tokens, {listed(self._tokenids)}"

    @property
    def draft(self) -> str:
        return f"edit tokens {' '.join(self._tokenids)}"

    def make_fields(self) -> Sequence[AnyField]:
        fields = self._of_one() if len(self._tokenids) == 1 else self._of_several()
        self._began = {field.ident: field.value for field in fields}
        return fields

    def _of_one(self) -> list[AnyField]:
        token = self._token or Token("")
        return [
            YesNoEntry("privsep", "Privilege Separation", token.privsep, help=_SEPARATED),
            self.expire_field(expiry.expiry_text(token.expire)),
            TextEntry("comment", "Comment", token.comment or ""),
        ]

    @property
    def _token(self) -> Token | None:
        userid, _, name = self._tokenids[0].rpartition("!")
        user = self.config.users.get(userid) if self.config else None
        return user.tokens.get(name) if user else None

    def _of_several(self) -> list[AnyField]:
        return [
            ChoiceEntry(
                "privsep", "Privilege Separation",
                [(_LEAVE, "leave as it is"), (_YES, "yes"), (_NO, "no")],
                help=_SEPARATED,
            ),
            self.expire_field("", _BLANK),
            ChoiceEntry(
                "comments", "Comment",
                [(_LEAVE, "leave as it is"), (_NONE, "none"), (_OTHER, "other ...")],
                help="All of them get the same.",
            ),
            TextEntry("comment", "New Comment"),
        ]  # fmt: skip

    def filled(self) -> None:
        self._fold()

    def answer_changed(self, ident: str) -> None:
        if ident == "comments":
            self._fold()

    def _fold(self) -> None:
        if len(self._tokenids) > 1:
            other = self.form.field("comments").value == _OTHER
            self.form.field("comment").display = other

    # --- what comes of it --------------------------------------------------------------------

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if answers == self._began:
            return [Line("Nothing is changed yet.")]
        told = [self.expire_line(answers)] if self._is_new(answers, "expire") else []
        return [*told, *self.foreseen(self._intent(answers))]

    def review(self) -> None:
        self.propose(self._intent(self.form.values))

    def _is_new(self, answers: Mapping[str, Answer], name: str) -> bool:
        return answers[name] != self._began[name]

    def _intent(self, answers: Mapping[str, Answer]) -> Intent:
        """What is as the form began is left out: others may change it meanwhile."""
        privsep = None
        if self._is_new(answers, "privsep"):
            privsep = answers["privsep"] in (True, _YES)
        expire = None
        if self._is_new(answers, "expire"):
            expire = expiry.until(str(answers["expire"]), self.now)
        return tokens.edit(
            self._tokenids, comment=self._comment(answers), expire=expire, privsep=privsep
        )

    def _comment(self, answers: Mapping[str, Answer]) -> str | None:
        text = str(answers["comment"]).strip()
        if "comments" not in answers:
            return text if self._is_new(answers, "comment") else None
        return {_LEAVE: None, _NONE: "", _OTHER: text}[str(answers["comments"])]
