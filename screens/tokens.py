"""Datacenter, Permissions, API Tokens: API tokens of all users."""

from __future__ import annotations

from typing import ClassVar

from pve_auth_tui.core.lists.tokens import TOKENS
from screens.commands import Commands, bindings
from screens.listing import OF_LISTS, ListScreen


class TokensScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = TOKENS
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)
