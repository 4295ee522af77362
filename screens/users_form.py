"""Several users at once: every field says first that it leaves them as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core import expiry
from pve_auth_tui.core.intents import users
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.words import listed
from screens.commands import Commands
from screens.form import OF_LONG_FORMS
from screens.user_fields import OnDone, PeopleForm
from widgets.field import Answer, AnyField, ChoiceEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent

_LEAVE, _YES, _NO = "leave", "yes", "no"
_BLANK: Final = "Blank leaves it as it is. never, a date like 2027-01-31, or +30d (h d w m y)."


class UsersForm(PeopleForm):
    """`userids`: all of them get the same."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS

    def __init__(self, userids: Sequence[str], on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._userids = tuple(userids)

    @property
    def heading(self) -> str:
        return f"Edit: {len(self._userids)} users, {listed(self._userids)}"

    @property
    def draft(self) -> str:
        return f"edit users {' '.join(self._userids)}"

    def make_fields(self) -> Sequence[AnyField]:
        groups = self.config.groups if self.config else {}
        theirs = [name for name in groups if self._some_in(groups[name].members)]
        return [
            ChoiceEntry(
                "enable", "Enabled",
                [(_LEAVE, "leave as it is"), (_YES, "yes"), (_NO, "no")],
                help="Whether they can log in at all.",
            ),
            self.expire_field("", _BLANK),
            self.groups_field("join", "Groups to join"),
            self.groups_field("leave", "Groups to leave", among=theirs),
        ]  # fmt: skip

    def _some_in(self, members: Sequence[str]) -> bool:
        return not set(self._userids).isdisjoint(members)

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        told = [self.expire_line(answers)] if str(answers["expire"]).strip() else []
        if not any(_is_asked(answers, name) for name in answers):
            return [Line("Nothing is changed yet.")]
        return [*told, *self.foreseen(self._intent(answers))]

    def review(self) -> None:
        self.propose(self._intent(self.form.values))

    def _intent(self, answers: Mapping[str, Answer]) -> Intent:
        values: dict[str, users.Value] = {}
        if _is_asked(answers, "enable"):
            values["enable"] = int(answers["enable"] == _YES)
        if _is_asked(answers, "expire"):
            values["expire"] = expiry.until(str(answers["expire"]), self.now)
        join, leave = answers["join"], answers["leave"]
        if isinstance(join, tuple) and join:
            values["groups"] = ",".join(join)
        leaving = leave if isinstance(leave, tuple) else ()
        return users.edit(self._userids, values, append=True, leave=leaving)


def _is_asked(answers: Mapping[str, Answer], name: str) -> bool:
    return answers[name] not in (_LEAVE, "", ())
