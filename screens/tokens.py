"""Datacenter, Permissions, API Tokens: API tokens of all users."""

from __future__ import annotations

from pve_auth_tui.core.lists.tokens import TOKENS
from screens.listing import ListScreen


class TokensScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = TOKENS
