"""A role: a new one, one that is there, or several; its privileges by category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core import versions
from pve_auth_tui.core.choices import role_words
from pve_auth_tui.core.intents import roles
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.privileges import CATEGORIES, by_category, meaning
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.rolenotes import role_notes
from pve_auth_tui.core.words import listed
from screens.commands import Commands
from screens.fields import LIST_HELP
from screens.form import (
    COMES_OF_IT,
    NAMELESS,
    OF_LONG_FORMS,
    UNCHANGED,
    FormScreen,
    OnDone,
)
from widgets.field import Answer, AnyField, Choice, ManyEntry, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent

_NAME: Final = (
    "Letters, digits, dot, - and _. Names that begin with PVE are kept for built-in roles."
)
_LIKE: Final = "^P picks a role: this one begins with its privileges, in place of those below."


class _PrivilegesForm(FormScreen):
    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = COMES_OF_IT

    @property
    def privileges(self) -> frozenset[str]:
        """Those that the node's PVE knows."""
        return versions.privileges(release_of(self.known))


class RoleForm(_PrivilegesForm):
    """`roleid`: which to edit; None for a new role. `like`: the role whose privileges it
    begins with.
    """

    def __init__(
        self, roleid: str | None = None, on_done: OnDone | None = None, *, like: str = ""
    ) -> None:
        super().__init__(on_done)
        self._roleid = roleid
        self._like = like
        self._began: Mapping[str, Answer] = {}

    @property
    def heading(self) -> str:
        return f"Edit: Role {self._roleid}" if self._roleid else "Add: Role"

    @property
    def draft(self) -> str:
        return f"edit role {self._roleid}" if self._roleid else "add role"

    def make_fields(self) -> Sequence[AnyField]:
        known = self.config.roles if self.config else {}
        role = known.get(self._roleid or self._like)
        held = role.privs if role else frozenset[str]()
        taken = by_category(held)
        offered = by_category(self.privileges | held)
        fields: list[AnyField] = [
            ManyEntry(
                category,
                category,
                _choices(offered[category]),
                taken.get(category, ()),
                help=LIST_HELP,
            )
            for category in CATEGORIES
            if category in offered
        ]
        if not self._roleid:
            likes = [Choice(name, role_words(known[name])) for name in sorted(known)]
            fields = [
                TextEntry("roleid", "Name", rule=self._name_problem, help=_NAME),
                TextEntry(
                    "like", "Like", self._like, rule=self._like_problem, help=_LIKE, choices=likes
                ),
                *fields,
            ]
        self._began = {field.ident: field.value for field in fields}
        return fields

    def _name_problem(self, name: str) -> str:
        if not name:
            return "A role has a name."
        return roles.new_role_problem(self.known, name) if self.known else ""

    def _like_problem(self, name: str) -> str:
        there = not name or self.config is None or name in self.config.roles
        return "" if there else f"There is no role {name}. ^P picks one, or leave it empty."

    def answer_changed(self, ident: str) -> None:
        """`like` gives its privileges to the fields below."""
        if ident != "like" or self.config is None:
            return
        role = self.config.roles.get(str(self.form.field("like").value))
        if role is not None:
            taken = by_category(role.privs)
            for field in self.form.fields:
                if isinstance(field, ManyEntry):
                    field.value = taken.get(field.ident, ())

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        name, privs = self._roleid or str(answers["roleid"]), _taken(answers)
        notes = role_notes(self.config, name, privs) if self.config else ()
        if self._roleid and answers == self._began:
            return [UNCHANGED, *notes]
        if not name:
            return [NAMELESS, *(notes if privs else ())]
        return [*self.foreseen(self.intent(answers)), *notes]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        if self._roleid:
            # only what was changed here: somebody else may have changed the rest meanwhile
            now, before = set(_taken(answers)), set(_taken(self._began))
            return roles.change(
                [self._roleid], gain=sorted(now - before), lose=sorted(before - now)
            )
        return roles.add(str(answers["roleid"]), _taken(answers))


class RolesForm(_PrivilegesForm):
    """Several roles of one's own: privileges that all of them get, and that all of them lose."""

    def __init__(self, roleids: Sequence[str], on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._roleids = tuple(roleids)

    @property
    def heading(self) -> str:
        return f"Edit: {len(self._roleids)} roles, {listed(self._roleids)}"

    @property
    def draft(self) -> str:
        return f"edit roles {' '.join(self._roleids)}"

    def make_fields(self) -> Sequence[AnyField]:
        known = self.config.roles if self.config else {}
        held = {priv for name in self._roleids if name in known for priv in known[name].privs}
        offered = [priv for privs in by_category(self.privileges).values() for priv in privs]
        return [
            ManyEntry("gain", "Privileges to add", _choices(offered), help=LIST_HELP),
            ManyEntry("lose", "Privileges to take", _choices(sorted(held)), help=LIST_HELP),
        ]

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if not any(answers.values()):
            return [UNCHANGED]
        return self.foreseen(self.intent(answers))

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        gain, lose = (_taken({name: answers[name]}) for name in ("gain", "lose"))
        return roles.change(self._roleids, gain=gain, lose=lose)


def _choices(privileges: Iterable[str]) -> list[Choice]:
    return [Choice(name, meaning(name)) for name in privileges]


def _taken(answers: Mapping[str, Answer]) -> list[str]:
    """The privileges in all answers."""
    return [priv for privs in answers.values() if isinstance(privs, tuple) for priv in privs]
