"""Remove a realm: what it would leave behind, and what of that is to go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core.intents.realmremoval import LEAVINGS, remove
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.realmleft import Left, impact, left_behind
from pve_auth_tui.core.words import thousands
from screens.commands import Commands
from screens.form import FieldHelp, FormScreen, LeaveForm, OnDone, Review
from widgets.field import Answer, AnyField, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent

_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "users": (
        "Users",
        "With their API tokens, TFA entries, ACL lines and memberships: PVE forgets all of it.",
    ),
    "groups": (
        "Groups",
        "Those that a sync or a login of this realm has named, with their rights.",
    ),
    "jobs": ("Sync jobs", "Without the realm each of their runs fails."),
    "ghosts": (
        "Ghost entries",
        "ACL lines and TFA entries of names that are not there: a new realm brings them back.",
    ),
}


class RealmRemoveForm(FormScreen):
    """`realm`: which one. Nothing but the realm goes unless it is chosen."""

    CSS_PATH = "realm_remove.tcss"
    OFFERS: ClassVar[Commands] = (Review, FieldHelp, LeaveForm)
    REMARKS: ClassVar[str] = "What stays, and what comes of it"

    def __init__(self, realm: str, on_done: OnDone | None = None) -> None:
        super().__init__(on_done)
        self._realm = realm
        self._left = Left()

    @property
    def heading(self) -> str:
        return f"Remove: Realm {self._realm}"

    def make_fields(self) -> Sequence[AnyField]:
        if self.known is not None:
            self._left = left_behind(self.known, self._realm)
        return [
            YesNoEntry(name, f"{_LABELS[name][0]} ({thousands(number)})", help=_LABELS[name][1])
            for name, number in self._numbers().items()
        ]

    def _numbers(self) -> Mapping[str, int]:
        return {name: len(getattr(self._left, name)) for name in LEAVINGS}

    def filled(self) -> None:
        """What there is none of is not asked for; the first stays, for the cursor."""
        for name, number in self._numbers().items():
            self.form.field(name).display = number > 0 or name == LEAVINGS[0]

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        return remove(self._realm, clean=[name for name in LEAVINGS if answers[name] is True])

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        told = impact(left_behind(self.picture, self._realm), self._realm)
        return [*told, *self.foreseen(self.intent(answers))]
