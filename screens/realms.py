"""Datacenter, Permissions, Realms: authentication realms."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.realms import REALMS
from screens.commands import Commands, bindings
from screens.listing import OF_LISTS, ListScreen


class RealmsScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = REALMS
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)
