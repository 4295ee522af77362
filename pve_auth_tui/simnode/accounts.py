"""Who a userid is: as it is spelled, in which realm, and whether they may log in at all.

Source: PVE::AccessControl 9.1.1 (lookup_username, check_user_enabled).
"""

from __future__ import annotations

from pve_auth_tui.core import formats
from pve_auth_tui.core.accessdata import User
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.simnode.node import SimNode


def as_spelled(node: SimNode, userid: str, *, unique: bool = False) -> str:
    """The userid as user.cfg has it, in realms that do not tell capitals from small letters.

    `unique`: ApiError 500 where several are alike.
    """
    realm = node.state.realms.realms.get(userid.rpartition("@")[2])
    if realm is None or truthy(realm.options.get("case-sensitive", "1")):
        return userid
    alike = [known for known in node.state.access.users if known.lower() == userid.lower()]
    if unique and len(alike) > 1:
        what = f"ambiguous case insensitive match of username '{userid}'"
        raise ApiError(500, f"{what}, cannot safely grant access!\n")
    return alike[0] if alike else userid


def realm_of(node: SimNode, userid: str) -> Realm:
    """The user's realm; ApiError 500 when there is none of that name."""
    name = userid.rpartition("@")[2]
    realm = node.state.realms.realms.get(name)
    if realm is None:
        raise ApiError(500, f"auth domain '{name}' does not exist\n")
    return realm


def enabled_user(node: SimNode, userid: str) -> User:
    """The user. Raises ApiError 500 when there is none, or a disabled or expired one."""
    if problem := formats.problem("pve-userid", userid):
        raise ApiError(500, problem)
    user = node.state.access.users.get(userid)
    if user is None:
        raise ApiError(500, f"no such user ('{userid}')\n")
    if not user.enable:
        raise ApiError(500, f"user '{userid}' is disabled\n")
    if user.expire and user.expire < int(node.sources.now()):
        raise ApiError(500, f"user '{userid}' access expired\n")
    return user
