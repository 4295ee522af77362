"""The demo cluster `rack` put together, and written as PVE's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pve_auth_tui.core.perltext import encode_file
from pve_auth_tui.core.userconfig import (
    AclEntry,
    Group,
    Pool,
    Role,
    User,
    UserConfig,
    write_user_config,
)
from pve_auth_tui.simnode import made_up, rack_acl, rack_host, rack_people, rack_realms, rack_tfa
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.rack_crowd import crowd, groups

DEMO_NOW = 1795300860.0
"""2026-11-21 22:41 UTC: the evening on which all stories play."""

USERS = 212
ACL_ENTRIES = 1204
GUESTS = 212
_DAY = 86400
_PASSWORD_AGE = 100  # days
_SYSTEM = ("daemon", "www-data", "backup", "nobody")


@dataclass(frozen=True, slots=True)
class Rack:
    """Everything that the files say. `factors`: userid -> record of tfa.cfg; `guests`: how many."""

    users: Sequence[User]
    groups: Sequence[Group]
    roles: Sequence[Role]
    pools: Sequence[Pool]
    acl: Sequence[AclEntry]
    factors: Mapping[str, rack_tfa.Record]
    guests: int


def rack(now: float) -> Rack:
    """The cluster of all stories; times are relative to `now`, seconds since 1970."""
    people = rack_people.people(now)
    others = crowd(USERS - len(people))
    teams = groups(others)
    story = rack_acl.story_entries()
    rest = rack_acl.crowd_entries(ACL_ENTRIES - len(story), others, teams)
    return Rack(
        users=(*people, *others),
        groups=teams,
        roles=rack_acl.roles(),
        pools=rack_acl.pools(),
        acl=(*story, *rest),
        factors=rack_tfa.second_factors(now, others),
        guests=GUESTS,
    )


def tree_of(cluster: Rack, now: float) -> MemoryTree:
    """The files of the cluster, as its three nodes share them and as pve1 sees them."""
    users = [
        replace(user, keys="x") if user.id in cluster.factors else user for user in cluster.users
    ]
    files = {
        "etc/pve/user.cfg": _user_file(cluster, users),
        "etc/pve/domains.cfg": rack_realms.DOMAINS.encode(),
        "etc/pve/datacenter.cfg": rack_realms.DATACENTER.encode(),
        "etc/pve/jobs.cfg": rack_realms.JOBS.encode(),
        "etc/pve/priv/tfa.cfg": rack_tfa.tfa_file(cluster.factors),
        "etc/pve/priv/token.cfg": _token_file(users),
        "etc/pve/priv/shadow.cfg": _shadow_file(users),
        "etc/pve/priv/realm/corp.pw": made_up.BIND_PASSWORD.encode(),
        "etc/shadow": _linux_shadow_file(users, now),
    }
    for job, state in rack_realms.job_states(now).items():
        files[f"etc/pve/priv/jobs/realm-sync-{job}.json"] = state.encode()
    return MemoryTree(files | rack_host.host_files(rack_host.guests(cluster.guests)))


def _user_file(cluster: Rack, users: Sequence[User]) -> bytes:
    return write_user_config(
        UserConfig(
            users={user.id: user for user in users},
            groups={group.id: group for group in cluster.groups},
            roles={role.id: role for role in cluster.roles},
            pools={pool.id: pool for pool in cluster.pools},
            acl=tuple(cluster.acl),
            groups_of={},  # the file holds the members of groups, not the groups of members
        )
    )


def _token_file(users: Sequence[User]) -> bytes:
    names = sorted(f"{user.id}!{token}" for user in users for token in user.tokens)
    return encode_file("".join(f"{name} {made_up.token_secret(name)}\n" for name in names))


def _shadow_file(users: Sequence[User]) -> bytes:
    """Passwords of realm pve; services that only use tokens have none."""
    names = sorted(user.name for user in users if user.realm == "pve" and not user.tokens)
    return encode_file("".join(f"{name}:{made_up.PASSWORD_HASH}:\n" for name in names))


def _linux_shadow_file(users: Sequence[User], now: float) -> bytes:
    """Those of realm pam, as Debian writes them; `now` in seconds since 1970."""
    day = int(now) // _DAY - _PASSWORD_AGE
    names = [user.name for user in users if user.realm == "pam"]
    system = [f"{name}:*:{day}:0:99999:7:::\n" for name in _SYSTEM]
    people = [f"{name}:{made_up.PASSWORD_HASH}:{day}:0:99999:7:::\n" for name in names]
    return encode_file("".join([*people[:1], *system, *people[1:]]))
