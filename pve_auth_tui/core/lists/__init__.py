"""All lists of the application, in the order of PVE's Datacenter, Permissions."""

from __future__ import annotations

from pve_auth_tui.core.listing import Listing
from pve_auth_tui.core.lists.acl import ACL
from pve_auth_tui.core.lists.realms import REALMS
from pve_auth_tui.core.lists.users import USERS

LISTINGS: tuple[Listing, ...] = (ACL, USERS, REALMS)


def listing(name: str) -> Listing:
    """The list of that name (`users`, `acl`, ...); raises KeyError for others."""
    return {each.name: each for each in LISTINGS}[name]
