"""Datacenter, Permissions, Users: Users, local and from directories."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.users import USERS
from screens.commands import Commands, bindings
from screens.listing import OF_LISTS, ListScreen


class UsersScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = USERS
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)
