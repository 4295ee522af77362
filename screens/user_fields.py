"""What the forms of users and groups share: what they know, and how fields begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core import expiry
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.names import email_problem, text_problem
from pve_auth_tui.core.newgroup import group_words, user_words
from pve_auth_tui.core.words import date_time
from screens.form import FormScreen
from widgets.field import Answer, Choice, ManyEntry, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.plan import Intent
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.core.userconfig import User, UserConfig
    from pve_auth_tui.services.plans import Report

_EXPIRE: Final = "never, a date like 2027-01-31 (its first second), or +30d: h, d, w, m, y."
_LIST: Final = "Space opens the list; space marks there, Enter takes what is marked."
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "firstname": ("First Name", "First name"),
    "lastname": ("Last Name", "Last name"),
    "email": ("E-Mail", ""),
    "comment": ("Comment", "User comment"),
}
"""PVE's parameter -> its label, and its name in `core.names.LONGEST`."""

TEXTS: Final = tuple(_TEXTS)

OnDone = Callable[["Report | None"], None]


class PeopleForm(FormScreen):
    """A form about users or groups: the plan stands below its fields while it is typed.

    `on_done` hears of the report when the plan was run.
    """

    REMARKS: ClassVar[str] = "What comes of it"

    def __init__(self, on_done: OnDone | None = None) -> None:
        super().__init__()
        self._on_done = on_done

    @property
    def known(self) -> Snapshot | None:
        return self.house.snapshot

    @property
    def config(self) -> UserConfig | None:
        """Users and groups; None where they were not read."""
        return self.known.access.value if self.known else None

    @property
    def now(self) -> float:
        """From which `+30d` counts. Raises AuthTuiError where nothing can be changed."""
        return self.house.workshop.clock.now()

    def foreseen(self, intent: Intent) -> Sequence[Line]:
        """The plan of it, in short. Raises AuthTuiError before there is a picture."""
        from pve_auth_tui.core.foreseen import foreseen

        if self.known is None:
            raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
        return foreseen(intent, self.known, self.now)

    def dismiss_form(self, report: Report | None) -> None:
        super().dismiss_form(report)
        if self._on_done is not None:
            self._on_done(report)

    # --- fields --------------------------------------------------------------------------

    def expire_field(self, value: str, help: str = _EXPIRE) -> TextEntry:
        def problem(text: str) -> str:
            return expiry.expiry_problem(text, self.known.taken_at if self.known else 0.0)

        return TextEntry("expire", "Expire", value, help=help, rule=problem)

    def groups_field(
        self, ident: str, label: str, value: Sequence[str] = (), among: Sequence[str] | None = None
    ) -> ManyEntry:
        """Groups to choose from: all, or those `among` which it makes sense."""
        config = self.config
        names = sorted(config.groups) if config else []
        offered = [name for name in names if among is None or name in among]
        choices = [Choice(name, group_words(config, name)) for name in offered if config]
        return ManyEntry(ident, label, choices, value, help=_LIST)

    def users_field(
        self, ident: str, label: str, value: Sequence[str] = (), among: Sequence[str] | None = None
    ) -> ManyEntry:
        """Users to choose from, as `groups_field` does it."""
        users = self.config.users if self.config else {}
        offered = sorted(users if among is None else among)
        choices = [Choice(userid, user_words(users.get(userid))) for userid in offered]
        return ManyEntry(ident, label, choices, value, help=_LIST)

    def expire_line(self, answers: Mapping[str, Answer]) -> Line:
        """What the text means by the clock of this computer."""
        epoch = expiry.until(str(answers["expire"]), self.now)
        return Line(f"{date_time(epoch)}, local time" if epoch else "never", "Expire")


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
