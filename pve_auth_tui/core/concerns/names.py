"""Names that exist in one place only, or nearly twice."""

from __future__ import annotations

from pve_auth_tui.core.concerns.common import SINGLY, Findings, few_or_many
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.ghosts import (
    case_duplicates,
    factors_without_user,
    missing_members,
    users_without_realm,
)
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_words, listed


def ghost_members(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Groups that list users who are not there."""
    groups = [group.id for group in config.groups.values() if missing_members(config, group)]
    if groups:
        number = count_words(len(groups), "group has", "groups have")
        yield Finding(
            "LOOK",
            f"{number} members that do not exist",
            f"{listed(groups)}: whoever gets such a name is in the group.",
            Target("groups", query="ghost:yes"),
        )


def ghost_factors(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Second factors that outlived their user (a sync leaves them behind)."""
    ghosts = factors_without_user(config, snapshot.tfa.value) if snapshot.tfa.value else ()
    if ghosts:
        yield Finding(
            "LOOK",
            f"second factors of {count_words(len(ghosts), 'user', 'users')} that do not exist",
            f"{listed(ghosts)}: left behind, a new user of that name takes them over.",
            Target("tfa", query="ghost:yes"),
        )


def clashing_names(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Userids that a directory without regard to case takes for one."""
    clashes = [(f"{listed(same)} differ only in case", same[0]) for same in case_duplicates(config)]
    yield from few_or_many(
        clashes,
        "userids differ only in case from others",
        "In a realm that does not tell case apart, PVE lets neither of them in.",
        Target("users", query="ghost:yes"),
    )


def lost_realms(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Users of realms that are gone."""
    gone = users_without_realm(config, snapshot.realms.value) if snapshot.realms.value else {}
    for realm, users in list(gone.items())[:SINGLY]:
        number = count_words(len(users), "user", "users")
        yield Finding(
            "LOOK",
            f"{number} of realm {realm}, which does not exist",
            "They cannot log in; a new realm of that name brings them back.",
            Target("users", query=f"realm:{realm}"),
        )
