"""Datacenter, Permissions, Two Factor: second factors of all users."""

from __future__ import annotations

from pve_auth_tui.core.lists.tfa import TFA
from screens.listing import ListScreen


class TfaScreen(ListScreen):
    """The list; it needs nothing of its own yet."""

    listing = TFA
