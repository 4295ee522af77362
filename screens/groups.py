"""Datacenter, Permissions, Groups: groups and their members."""

from __future__ import annotations

from pve_auth_tui.core.lists.groups import GROUPS
from screens.listing import ListScreen


class GroupsScreen(ListScreen):
    """One row for each group."""

    listing = GROUPS

    def add_row(self) -> None:
        from screens.group_form import GroupForm

        self.app.push_screen(GroupForm())

    def edit_rows(self) -> None:
        from screens.group_form import GroupForm, GroupsForm

        keys = self.acted_on
        form = GroupForm(keys[0], self.changed) if len(keys) == 1 else None
        self.app.push_screen(form or GroupsForm(keys, self.changed))

    def place_of(self, key: str) -> str:
        return f"/access/groups/{key}"
