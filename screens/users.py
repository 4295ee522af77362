"""Datacenter, Permissions, Users: Users, local and from directories."""

from __future__ import annotations

from pve_auth_tui.core.lists.users import USERS
from screens.listing import ListScreen


class UsersScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = USERS
