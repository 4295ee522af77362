"""A group: a new one, one that is there, or several; their members from the group's side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from pve_auth_tui.core.intents import groups
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.words import listed
from screens.commands import Commands
from screens.fields import names_in
from screens.form import NAMELESS, OF_LONG_FORMS, UNCHANGED, OnDone
from screens.user_fields import PeopleForm
from widgets.field import Answer, AnyField, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent


class GroupForm(PeopleForm):
    """`groupid`: which to edit; None for a new group."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS

    def __init__(self, groupid: str | None = None, on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._groupid = groupid
        self._began: Mapping[str, Answer] = {}

    @property
    def heading(self) -> str:
        return f"Edit: Group {self._groupid}" if self._groupid else "Add: Group"

    @property
    def draft(self) -> str:
        return f"edit group {self._groupid}" if self._groupid else "add group"

    def make_fields(self) -> Sequence[AnyField]:
        group = self.config.groups.get(self._groupid or "") if self.config else None
        name = TextEntry(
            "name", "Name", rule=self._name_problem, help="Letters, digits, dot, - and _."
        )
        fields: list[AnyField] = [
            *([] if self._groupid else [name]),
            TextEntry("comment", "Comment", (group.comment or "") if group else ""),
            self.users_field("members", "Users", group.members if group else ()),
        ]
        self._began = {field.ident: field.value for field in fields}
        return fields

    def _name_problem(self, name: str) -> str:
        if not name:
            return "A group has a name."
        return groups.new_group_problem(self.known, name) if self.known else ""

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if self._groupid and answers == self._began:
            return [UNCHANGED]
        if not self._groupid and not answers["name"]:
            return [NAMELESS]
        return self.foreseen(self.intent(answers))

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        comment, members = str(answers["comment"]).strip(), names_in(answers["members"])
        if not self._groupid:
            return groups.add(str(answers["name"]), comment=comment, members=members)
        before = names_in(self._began["members"])
        return groups.edit(
            self._groupid,
            comment=comment if answers["comment"] != self._began["comment"] else None,
            join=[userid for userid in members if userid not in before],
            leave=[userid for userid in before if userid not in members],
        )


class GroupsForm(PeopleForm):
    """Several groups: users who join all of them, users who leave all of them."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS

    def __init__(self, groupids: Sequence[str], on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._groupids = tuple(groupids)

    @property
    def heading(self) -> str:
        return f"Edit: {len(self._groupids)} groups, {listed(self._groupids)}"

    @property
    def draft(self) -> str:
        return f"edit groups {' '.join(self._groupids)}"

    def make_fields(self) -> Sequence[AnyField]:
        known = self.config.groups if self.config else {}
        members = {who for name in self._groupids if name in known for who in known[name].members}
        return [
            self.users_field("join", "Users to add"),
            self.users_field("leave", "Users to remove", among=sorted(members)),
        ]

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if not any(answers.values()):
            return [UNCHANGED]
        return self.foreseen(self.intent(answers))

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        return groups.move(
            self._groupids, join=names_in(answers["join"]), leave=names_in(answers["leave"])
        )
