"""Datacenter, Permissions, Realms: authentication realms."""

from __future__ import annotations

from pve_auth_tui.core.lists.realms import REALMS
from screens.listing import ListScreen


class RealmsScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = REALMS
