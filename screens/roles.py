"""Datacenter, Permissions, Roles: roles, built in and own."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.roles import ROLES
from screens.commands import Commands, bindings
from screens.listing import OF_LISTS, ListScreen


class RolesScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = ROLES
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)
