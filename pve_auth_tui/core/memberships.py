"""In which groups somebody is, by what the groups say."""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.userconfig import UserConfig


@remembered
def memberships(config: UserConfig) -> Mapping[str, frozenset[str]]:
    """Userid -> names of the groups that list it; who is in none is missing.

    `config.groups_of` lacks memberships that PVE overlooks, and those of names without a user
    (core.accessdata.UserConfig).
    """
    found: dict[str, list[str]] = {}
    for group in config.groups.values():
        for userid in group.members:
            found.setdefault(userid, []).append(group.id)
    return {userid: frozenset(names) for userid, names in found.items()}
