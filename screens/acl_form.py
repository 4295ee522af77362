"""New ACL entries: paths, who, roles; what they would do is said below while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core import aclpaths, choices
from pve_auth_tui.core.intents import acl
from pve_auth_tui.core.intents.acl import Subjects
from pve_auth_tui.core.listing import Line
from screens.commands import Commands
from screens.fields import LIST_HELP, names_in
from screens.form import COMES_OF_IT, OF_LONG_FORMS, FormScreen, OnDone
from widgets.field import Answer, AnyField, Choice, ManyEntry, TextEntry, YesNoEntry

if TYPE_CHECKING:
    from pve_auth_tui.core.userconfig import UserConfig

_PATH: Final = (
    "^P picks from what there is. Several paths with commas between them; PVE takes a path "
    "of the right shape even if nothing is there yet."
)
_SUBJECTS: Final = {"groups": "Group", "users": "User", "tokens": "API Token"}


class AclFormScreen(FormScreen):
    """What the two forms of ACL entries share."""

    OFFERS: ClassVar[Commands] = OF_LONG_FORMS
    REMARKS: ClassVar[str] = COMES_OF_IT

    def choices(self, of: Callable[[UserConfig], Sequence[tuple[str, str]]]) -> list[Choice]:
        """What core offers, to pick from."""
        return [Choice(*choice) for choice in of(self.config)] if self.config else []


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
                "roles", "Role", self.choices(choices.roles), none="none yet",
                help=f"Several roles count together. {LIST_HELP}", rule=_role_problem,
            ),
            YesNoEntry(
                "propagate", "Propagate", True,
                help="Whether it counts for everything below the path, too.",
            ),
        ]  # fmt: skip

    def _subjects(self, name: str) -> ManyEntry:
        offered = self.choices(choices.SUBJECTS[name])
        return ManyEntry(name, _SUBJECTS[name], offered, help=LIST_HELP)

    def _known_paths(self) -> list[Choice]:
        snapshot = self.house.snapshot
        return [Choice(*known) for known in aclpaths.known_paths(snapshot)] if snapshot else []

    def _path_problem(self, text: str) -> str:
        return aclpaths.paths_problem(self.house.snapshot, text) if self.house.snapshot else ""

    def filled(self) -> None:
        if self._paths:
            self.call_after_refresh(self.form.focus_field, self._order[0])

    def picked(self, field: TextEntry, value: str) -> str:
        """A path that is picked stands behind those that end with a comma."""
        before, comma, _ = field.value.rpartition(",")
        return f"{before}{comma} {value}" if comma else value

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        from pve_auth_tui.core.aclpreview import preview

        text = str(answers["paths"])
        if text.strip() and self._path_problem(text):
            return [Line("It stands here as soon as the path is right.")]
        paths, roles, subjects = _named(answers)
        return preview(self.picture, paths, roles, subjects, bool(answers["propagate"]))

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
        users=names_in(answers["users"]),
        groups=names_in(answers["groups"]),
        tokens=names_in(answers["tokens"]),
    )
    return aclpaths.paths_in(str(answers["paths"])), names_in(answers["roles"]), subjects


def _role_problem(roles: tuple[str, ...]) -> str:
    return "" if roles else "A role is needed. None is preset: PVE's own form presets NoAccess."
