"""Datacenter, Permissions, Roles: roles, built in and own."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.roles import ROLES, holding
from screens.base import EVERYWHERE
from screens.commands import Command, Commands
from screens.list_commands import (
    Add,
    Compare,
    Edit,
    Find,
    Mark,
    NextFinding,
    Open,
    Remove,
    Save,
    ShowCommands,
    Sort,
    Views,
    WhoCan,
    Why,
)
from screens.listing import ListScreen


class CompareRoles(Compare):
    """Compares the privileges of two roles: the two that are marked, or the row and another."""


class Holding(Command["RolesScreen"]):
    """Shows the roles that hold a privilege, which is picked from all that there are."""

    keys, shown, word, name = "h", "h", "holding", "holding"

    @classmethod
    def run(cls, screen: RolesScreen) -> None:
        screen.choose_privilege()


class RolesScreen(ListScreen):
    """One row for each role."""

    listing = ROLES
    OFFERS: ClassVar[Commands] = (
        Open, Find, Views, Mark, Add, Edit, Remove, Holding, Why, WhoCan, CompareRoles, Sort,
        NextFinding, ShowCommands, Save, *EVERYWHERE,
    )  # fmt: skip

    def add_row(self) -> None:
        from screens.role_form import RoleForm

        self.app.push_screen(RoleForm())

    def edit_rows(self) -> None:
        from screens.role_form import RoleForm, RolesForm

        keys = self.acted_on
        if problem := self._locked(keys):
            self.say(problem)
        elif len(keys) == 1:
            self.app.push_screen(RoleForm(keys[0], self.changed))
        else:
            self.app.push_screen(RolesForm(keys, self.changed))

    def remove_rows(self) -> None:
        if problem := self._locked(self.acted_on):
            self.say(problem)
        else:
            super().remove_rows()

    def _locked(self, keys: tuple[str, ...]) -> str:
        """Why one of them cannot be changed; "" when all can."""
        from pve_auth_tui.core.intents.roles import locked_problem

        snapshot = self.house.snapshot
        problems = (locked_problem(snapshot, key) for key in keys) if snapshot else ()
        return next(filter(None, problems), "")

    def why_no_compare(self) -> str:
        marks = len(self.table.marks)
        return "Two roles can be compared: mark two, or none." if marks > 2 else ""

    def compare_row(self) -> None:
        """`b`: the two that are marked, or the row and a role that is asked for."""
        from screens.pick import PickScreen

        keys = self.acted_on
        if len(keys) == 2:
            self._show_differences(keys[0], keys[1])
            return

        def picked(other: str | None) -> None:
            if other is not None:
                self._show_differences(keys[0], other)

        others = [key for key in self._names if key != keys[0]]
        self.app.push_screen(PickScreen(f"Compare {keys[0]} with", others), picked)

    def _show_differences(self, one: str, other: str) -> None:
        from screens.role_diff import RoleDiffScreen

        self.app.push_screen(RoleDiffScreen(one, other))

    @property
    def _names(self) -> list[str]:
        config = self.house.snapshot.access.value if self.house.snapshot else None
        return sorted(config.roles) if config else []

    def choose_privilege(self) -> None:
        """`h`: which privilege; then only the roles that hold it."""
        from pve_auth_tui.core import versions
        from pve_auth_tui.core.privileges import by_category, meaning
        from pve_auth_tui.core.release import release_of
        from screens.pick import PickScreen

        known = versions.privileges(release_of(self.house.snapshot))
        names = [name for privs in by_category(known).values() for name in privs]

        def picked(privilege: str | None) -> None:
            if privilege is not None:
                self.find(holding(privilege), f"holding {privilege}")

        about = {name: meaning(name) for name in names}
        self.app.push_screen(PickScreen("Roles holding", names, about), picked)
