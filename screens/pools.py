"""Datacenter, Permissions, Pools: resource pools."""

from __future__ import annotations

from pve_auth_tui.core.lists.pools import POOLS
from pve_auth_tui.core.pathtree import pool_path
from screens.listing import ListScreen


class PoolsScreen(ListScreen):
    """One row for each pool."""

    listing = POOLS

    def add_row(self) -> None:
        from screens.pool_form import PoolForm

        self.app.push_screen(PoolForm())

    def edit_rows(self) -> None:
        from screens.pool_form import PoolForm

        keys = self.acted_on
        if len(keys) > 1:
            self.say("Pools are edited one by one: unmark the others, Esc unmarks all.")
        else:
            self.app.push_screen(PoolForm(keys[0], self.changed))

    def remove_rows(self) -> None:
        """`d`: PVE removes empty pools only, so the plan takes their members out first."""
        from pve_auth_tui.core.intents import pools

        self.house.review(pools.remove(self.acted_on, empty=True), self.changed)

    def place_of(self, key: str) -> str:
        return pool_path(key)
