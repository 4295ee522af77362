"""Datacenter, Permissions, Roles: roles, built in and own."""

from __future__ import annotations

from pve_auth_tui.core.lists.roles import ROLES
from screens.listing import ListScreen


class RolesScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = ROLES
