"""What the forms of users and groups share: what there is to choose from, and how fields begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core.choices import group_words, user_words
from pve_auth_tui.core.names import email_problem, text_problem
from screens.fields import LIST_HELP
from screens.form import COMES_OF_IT, FormScreen
from widgets.field import Choice, ManyEntry, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.userconfig import User

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "firstname": ("First Name", "First name"),
    "lastname": ("Last Name", "Last name"),
    "email": ("E-Mail", ""),
    "comment": ("Comment", "User comment"),
}
"""PVE's parameter -> its label, and its name in `core.names.LONGEST`."""

TEXTS: Final = tuple(_TEXTS)


class PeopleForm(FormScreen):
    """A form about users or groups: the plan stands below its fields while it is typed."""

    REMARKS: ClassVar[str] = COMES_OF_IT

    def groups_field(
        self, ident: str, label: str, value: Sequence[str] = (), among: Sequence[str] | None = None
    ) -> ManyEntry:
        """Groups to choose from: all, or those `among` which it makes sense."""
        config = self.config
        names = sorted(config.groups) if config else []
        offered = [name for name in names if among is None or name in among]
        choices = [Choice(name, group_words(config, name)) for name in offered if config]
        return ManyEntry(ident, label, choices, value, help=LIST_HELP)

    def users_field(
        self, ident: str, label: str, value: Sequence[str] = (), among: Sequence[str] | None = None
    ) -> ManyEntry:
        """Users to choose from, as `groups_field` does it."""
        users = self.config.users if self.config else {}
        offered = sorted(users if among is None else among)
        choices = [Choice(userid, user_words(users.get(userid))) for userid in offered]
        return ManyEntry(ident, label, choices, value, help=LIST_HELP)


def text_fields(user: User | None) -> list[TextEntry]:
    """First Name, Last Name, E-Mail, Comment."""
    return [
        TextEntry(name, label, str(getattr(user, name, None) or ""), rule=_rule(known))
        for name, (label, known) in _TEXTS.items()
    ]


def _rule(known: str) -> Callable[[str], str]:
    if not known:
        return lambda text: email_problem(text.strip()) or ""
    return lambda text: text_problem(known, text) or ""
