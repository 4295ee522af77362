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
from screens.fields import (
    EXPIRE_LEFT,
    expire_field,
    expire_in,
    expire_line,
    flag_in,
    flag_or_left,
)
from screens.form import COMES_OF_IT, OF_LONG_FORMS, UNCHANGED, FormScreen, OnDone
from widgets.field import Answer, AnyField, ChoiceEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent

_LEAVE, _NONE, _OTHER = "leave", "none", "other"
_SEPARATED: Final = "Whether only ACL entries of its own count. Without it, it is its user."


class TokenEditForm(FormScreen):
    """`tokenids`: full token ids; of several nothing is changed that is left as it is."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = COMES_OF_IT

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
            expire_field(self.known, expiry.expiry_text(token.expire)),
            TextEntry("comment", "Comment", token.comment or ""),
        ]

    @property
    def _token(self) -> Token | None:
        userid, _, name = self._tokenids[0].rpartition("!")
        user = self.config.users.get(userid) if self.config else None
        return user.tokens.get(name) if user else None

    def _of_several(self) -> list[AnyField]:
        return [
            flag_or_left("privsep", "Privilege Separation", _SEPARATED),
            expire_field(self.known, "", EXPIRE_LEFT),
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
            return [UNCHANGED]
        told = [expire_line(answers, self.now)] if self._is_new(answers, "expire") else []
        return [*told, *self.foreseen(self.intent(answers))]

    def _is_new(self, answers: Mapping[str, Answer], name: str) -> bool:
        return answers[name] != self._began[name]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        """What is as the form began is left out: others may change it meanwhile."""
        privsep = None
        if self._is_new(answers, "privsep"):
            answer = answers["privsep"]
            privsep = answer if isinstance(answer, bool) else flag_in(answer)
        expire = None
        if self._is_new(answers, "expire"):
            expire = expire_in(answers, self.now)
        return tokens.edit(
            self._tokenids, comment=self._comment(answers), expire=expire, privsep=privsep
        )

    def _comment(self, answers: Mapping[str, Answer]) -> str | None:
        text = str(answers["comment"]).strip()
        if "comments" not in answers:
            return text if self._is_new(answers, "comment") else None
        return {_LEAVE: None, _NONE: "", _OTHER: text}[str(answers["comments"])]
