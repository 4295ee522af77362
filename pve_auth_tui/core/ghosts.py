"""Names that stand in one place and exist in no other (features 35, 51; reference 3.2).

PVE keeps ACL lines and group members of missing users on purpose, to survive a faulty sync:
whoever gets the name later gets the rights.
"""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.core.domains import Domains
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.core.userconfig import Group, UserConfig


@remembered
def case_duplicates(config: UserConfig) -> tuple[tuple[str, ...], ...]:
    """Userids that differ only in case: a realm with `case-sensitive 0` refuses both."""
    by_folded: dict[str, list[str]] = {}
    for userid in config.users:
        by_folded.setdefault(userid.casefold(), []).append(userid)
    return tuple(tuple(sorted(same)) for same in by_folded.values() if len(same) > 1)


def missing_members(config: UserConfig, group: Group) -> tuple[str, ...]:
    """Members of a group that are no users."""
    return tuple(member for member in group.members if member not in config.users)


def users_without_realm(config: UserConfig, domains: Domains) -> Mapping[str, tuple[str, ...]]:
    """Realm that does not exist -> its users: none of them can log in."""
    gone: dict[str, list[str]] = {}
    for user in config.users.values():
        if user.realm not in domains.realms:
            gone.setdefault(user.realm, []).append(user.id)
    return {realm: tuple(sorted(users)) for realm, users in sorted(gone.items())}


def factors_without_user(config: UserConfig, tfa: TfaConfig) -> tuple[str, ...]:
    """Userids with second factors in tfa.cfg, but not in user.cfg."""
    return tuple(
        sorted(
            userid for userid, of in tfa.users.items() if of.entries and userid not in config.users
        )
    )
