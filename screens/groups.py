"""Datacenter, Permissions, Groups: groups and their members."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.groups import GROUPS
from screens.commands import Commands, bindings
from screens.listing import OF_LISTS, ListScreen


class GroupsScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = GROUPS
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)
