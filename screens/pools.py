"""Datacenter, Permissions, Pools: resource pools."""

from __future__ import annotations

from pve_auth_tui.core.lists.pools import POOLS
from screens.listing import ListScreen


class PoolsScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = POOLS
