"""Datacenter, Permissions, Groups: groups and their members."""

from __future__ import annotations

from pve_auth_tui.core.lists.groups import GROUPS
from screens.listing import ListScreen


class GroupsScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = GROUPS
