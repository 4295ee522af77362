"""New ACL entries: paths, who, roles; what they would do is said below while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pve_auth_tui.core import aclchoices, aclpaths
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.intents import acl
from pve_auth_tui.core.intents.acl import Subjects
from pve_auth_tui.core.listing import Line
from screens.commands import Commands
from screens.form import OF_LONG_FORMS, FormScreen
from widgets.field import Answer, AnyField, Choice, Field, ManyEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.core.userconfig import UserConfig
    from pve_auth_tui.services.plans import Report

_LIST: Final = "Space opens the list; space marks there, Enter takes what is marked."
_PATH: Final = (
    "^P picks from what there is. Several paths with commas between them; PVE takes a path "
    "of the right shape even if nothing is there yet."
)
_SUBJECTS: Final = {"groups": "Group", "users": "User", "tokens": "API Token"}
OnDone = Callable[["Report | None"], None]


class AclFormScreen(FormScreen):
    """What the two forms of ACL entries share."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = "What comes of it"

    def __init__(self, on_done: OnDone | None = None) -> None:
        super().__init__()
        self._on_done = on_done

    @property
    def known(self) -> Snapshot:
        """The picture. Raises AuthTuiError before there is one."""
        if self.house.snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "Esc, then r reads again.")
        return self.house.snapshot

    @property
    def config(self) -> UserConfig | None:
        """Users, groups, roles; None where they were not read."""
        return self.house.snapshot.access.value if self.house.snapshot else None

    def choices(self, of: Callable[[UserConfig], Sequence[tuple[str, str]]]) -> list[Choice]:
        """What core offers, to pick from."""
        return [Choice(*choice) for choice in of(self.config)] if self.config else []

    def dismiss_form(self, report: Report | None) -> None:
        super().dismiss_form(report)
        if self._on_done is not None:
            self._on_done(report)


class AclForm(AclFormScreen):
    """`paths`: what it begins with; `first`: which of `groups`, `users`, `tokens` comes first."""

    def __init__(
        self, paths: Sequence[str] = (), first: str = "groups", on_done: OnDone | None = None
    ) -> None:
        super().__init__(on_done)
        self._paths = ", ".join(paths)
        self._order = sorted(_SUBJECTS, key=lambda name: name != first)

    @property
    def heading(self) -> str:
        return "Add: Permission"

    @property
    def draft(self) -> str:
        return f"add acl {self._paths}"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            TextEntry(
                "paths", "Path", self._paths, help=_PATH, rule=self._path_problem,
                choices=self._known_paths(),
            ),
            *(self._subjects(name) for name in self._order),
            ManyEntry(
                "roles", "Role", self.choices(aclchoices.roles), none="none yet",
                help=f"Several roles count together. {_LIST}", rule=_role_problem,
            ),
            YesNoEntry(
                "propagate", "Propagate", True,
                help="Whether it counts for everything below the path, too.",
            ),
        ]  # fmt: skip

    def _subjects(self, name: str) -> ManyEntry:
        choices = self.choices(aclchoices.SUBJECTS[name])
        return ManyEntry(name, _SUBJECTS[name], choices, help=_LIST)

    def _known_paths(self) -> list[Choice]:
        snapshot = self.house.snapshot
        return [Choice(*known) for known in aclpaths.known_paths(snapshot)] if snapshot else []

    def _path_problem(self, text: str) -> str:
        return aclpaths.paths_problem(self.house.snapshot, text) if self.house.snapshot else ""

    def filled(self) -> None:
        if self._paths:
            self.call_after_refresh(self.form.focus_field, self._order[0])

    def pick(self, field: Field[Any]) -> None:
        """A path that is picked stands behind those that end with a comma."""
        if not isinstance(field, TextEntry):
            super().pick(field)
            return
        from screens.pick import PickScreen

        def took(path: str | None) -> None:
            if path is not None:
                before, comma, _ = field.value.rpartition(",")
                field.choose(f"{before}{comma} {path}".strip() if comma else path)

        about = {choice.value: choice.about for choice in field.choices}
        self.app.push_screen(PickScreen(field.label_text, list(about), about), took)

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        from pve_auth_tui.core.aclpreview import preview

        text = str(answers["paths"])
        if text.strip() and self._path_problem(text):
            return [Line("It stands here as soon as the path is right.")]
        paths, roles, subjects = _named(answers)
        return preview(self.known, paths, roles, subjects, bool(answers["propagate"]))

    def review(self) -> None:
        answers = self.form.values
        paths, roles, subjects = _named(answers)
        if not subjects.all:
            self.form.show_problem(self._order[0], "A group, a user or an API token is needed.")
            return
        self.propose(acl.add(paths, roles, subjects, propagate=bool(answers["propagate"])))


def _named(
    answers: Mapping[str, Answer],
) -> tuple[tuple[str, ...], tuple[str, ...], Subjects]:
    """Paths, roles, subjects."""
    subjects = Subjects(
        users=_names(answers["users"]),
        groups=_names(answers["groups"]),
        tokens=_names(answers["tokens"]),
    )
    return aclpaths.paths_in(str(answers["paths"])), _names(answers["roles"]), subjects


def _names(answer: Answer) -> tuple[str, ...]:
    return answer if isinstance(answer, tuple) else ()


def _role_problem(roles: tuple[str, ...]) -> str:
    return "" if roles else "A role is needed. None is preset: PVE's own form presets NoAccess."
