"""Several users at once: every field says first that it leaves them as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from pve_auth_tui.core.intents import users
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.words import listed
from screens.commands import Commands
from screens.fields import (
    EXPIRE_LEFT,
    expire_field,
    expire_in,
    expire_line,
    flag_in,
    flag_or_left,
    names_in,
)
from screens.form import OF_LONG_FORMS, UNCHANGED, OnDone
from screens.user_fields import PeopleForm
from widgets.field import Answer, AnyField

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent


class UsersForm(PeopleForm):
    """`userids`: all of them get the same."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS

    def __init__(self, userids: Sequence[str], on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._userids = tuple(userids)
        self._began: Mapping[str, Answer] = {}

    @property
    def heading(self) -> str:
        return f"Edit: {len(self._userids)} users, {listed(self._userids)}"

    @property
    def draft(self) -> str:
        return f"edit users {' '.join(self._userids)}"

    def make_fields(self) -> Sequence[AnyField]:
        groups = self.config.groups if self.config else {}
        theirs = [name for name in groups if self._some_in(groups[name].members)]
        fields: list[AnyField] = [
            flag_or_left("enable", "Enabled", "Whether they can log in at all."),
            expire_field(self.known, "", EXPIRE_LEFT),
            self.groups_field("join", "Groups to join"),
            self.groups_field("leave", "Groups to leave", among=theirs),
        ]
        self._began = {field.ident: field.value for field in fields}
        return fields

    def _some_in(self, members: Sequence[str]) -> bool:
        return not set(self._userids).isdisjoint(members)

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if answers == self._began:
            return [UNCHANGED]
        told = [expire_line(answers, self.now)] if _is_expire_asked(answers) else []
        return [*told, *self.foreseen(self.intent(answers))]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        values: dict[str, users.Value] = {}
        if (enable := flag_in(answers["enable"])) is not None:
            values["enable"] = int(enable)
        if _is_expire_asked(answers):
            values["expire"] = expire_in(answers, self.now)
        if join := names_in(answers["join"]):
            values["groups"] = ",".join(join)
        return users.edit(self._userids, values, append=True, leave=names_in(answers["leave"]))


def _is_expire_asked(answers: Mapping[str, Answer]) -> bool:
    return bool(str(answers["expire"]).strip())
