"""All lists of the application, in the order of PVE's Datacenter, Permissions."""

from __future__ import annotations

from pve_auth_tui.core.listing import Listing
from pve_auth_tui.core.lists.acl import ACL
from pve_auth_tui.core.lists.groups import GROUPS
from pve_auth_tui.core.lists.pools import POOLS
from pve_auth_tui.core.lists.realms import REALMS
from pve_auth_tui.core.lists.roles import ROLES
from pve_auth_tui.core.lists.tfa import TFA
from pve_auth_tui.core.lists.tokens import TOKENS
from pve_auth_tui.core.lists.users import USERS

LISTINGS: tuple[Listing, ...] = (ACL, USERS, TOKENS, TFA, GROUPS, POOLS, ROLES, REALMS)

_BY_NAME = {each.name: each for each in LISTINGS}


def listing(name: str) -> Listing:
    """The list of that name (`users`, `acl`, ...); raises KeyError for others."""
    return _BY_NAME[name]
