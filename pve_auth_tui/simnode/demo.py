"""The demo cluster `rack` as PVE's own files in memory. Nothing in it exists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pve_auth_tui.core.perltext import encode_text
from pve_auth_tui.core.userconfig import AclEntry, Group, Pool, Role, User
from pve_auth_tui.simnode import made_up, rack_acl, rack_host, rack_people, rack_realms, rack_tfa
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.rack_crowd import crowd, groups

DEMO_NOW = 1795300860.0  # 2026-11-21 22:41 UTC, the evening of all stories
DEMO_USERS = 212
_ACL_ENTRIES = 1204
_GUESTS = 212


def demo_tree(*, users: int = DEMO_USERS, now: float = DEMO_NOW) -> MemoryTree:
    """The cluster with its people and traps; the same bytes for the same arguments."""
    people = rack_people.people(now)
    others = crowd(users - len(people))
    teams = groups(others)
    story = rack_acl.story_entries()
    entries = [
        *story,
        *rack_acl.crowd_entries(_ACL_ENTRIES - len(story), others, teams),
    ]
    factors = rack_tfa.second_factors(now, others)
    everybody = [
        replace(user, keys="x") if user.id in factors else user for user in (*people, *others)
    ]
    files = {
        "etc/pve/user.cfg": _user_file(
            everybody, teams, rack_acl.pools(), rack_acl.roles(), entries
        ),
        "etc/pve/domains.cfg": rack_realms.DOMAINS.encode(),
        "etc/pve/datacenter.cfg": rack_realms.DATACENTER.encode(),
        "etc/pve/jobs.cfg": rack_realms.JOBS.encode(),
        "etc/pve/priv/tfa.cfg": rack_tfa.tfa_file(factors),
        "etc/pve/priv/token.cfg": _token_file(everybody),
        "etc/pve/priv/shadow.cfg": _shadow_file(everybody),
    }
    for job, state in rack_realms.job_states(now).items():
        files[f"etc/pve/priv/jobs/realm-sync-{job}.json"] = state.encode()
    files |= rack_host.host_files(rack_host.guests(_GUESTS))
    return MemoryTree(files)


def _user_file(
    users: Iterable[User],
    teams: Iterable[Group],
    pools: Iterable[Pool],
    roles: Iterable[Role],
    entries: Iterable[AclEntry],
) -> bytes:
    lines: list[str] = []
    for user in sorted(users, key=lambda user: user.id):
        texts = (user.firstname, user.lastname, user.email, user.comment, user.keys)
        fields = ":".join(encode_text(text or "") for text in texts)
        lines.append(f"user:{user.id}:{user.enable:d}:{user.expire}:{fields}:")
        lines += [
            f"token:{user.id}!{token.id}:{token.expire}:{token.privsep:d}"
            f":{encode_text(token.comment or '')}:"
            for _, token in sorted(user.tokens.items())
        ]
    lines.append("")
    lines += [
        f"group:{group.id}:{','.join(group.members)}:{encode_text(group.comment or '')}:"
        for group in sorted(teams, key=lambda group: group.id)
    ]
    lines.append("")
    lines += [
        f"pool:{pool.id}:{encode_text(pool.comment or '')}"
        f":{','.join(map(str, pool.vms))}:{','.join(pool.storage)}:"
        for pool in pools
    ]
    lines.append("")
    lines += [f"role:{role.id}:{','.join(sorted(role.privs))}:" for role in roles]
    lines.append("")
    lines += [
        f"acl:{entry.propagate:d}:{entry.path}:{entry.shown_subject}:{entry.role}:"
        for entry in entries
    ]
    return ("\n".join(lines) + "\n").encode("latin-1")


def _token_file(users: Sequence[User]) -> bytes:
    names = sorted(f"{user.id}!{token}" for user in users for token in user.tokens)
    return "".join(f"{name} {made_up.token_secret(name)}\n" for name in names).encode()


def _shadow_file(users: Sequence[User]) -> bytes:
    """Passwords of realm pve; services that only use tokens have none."""
    names = sorted(user.name for user in users if user.realm == "pve" and not user.tokens)
    return "".join(f"{name}:{made_up.password_hash(name)}:\n" for name in names).encode("latin-1")
