"""Datacenter, Permissions, Two Factor: second factors of all users."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.tfa import TFA
from screens.commands import Commands, bindings
from screens.listing import OF_LISTS, ListScreen


class TfaScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = TFA
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)
