"""Datacenter, Permissions, Pools: resource pools."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.pools import POOLS
from screens.commands import Commands, bindings
from screens.listing import OF_LISTS, ListScreen


class PoolsScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = POOLS
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)
