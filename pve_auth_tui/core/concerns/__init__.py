"""What needs a look, as far as PVE's files tell: one rule a function.

Each rule gives at most a few lines, however large the cluster; what is many is counted, and
the line opens the list with the query that finds them all.
"""

from __future__ import annotations

from collections.abc import Callable

from pve_auth_tui.core.concerns import logins, names, rights, settings
from pve_auth_tui.core.concerns.common import Findings
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.health import Health, health_findings
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import UserConfig

_Rule = Callable[[Snapshot, UserConfig, float], Findings]

_RULES: tuple[_Rule, ...] = (
    settings.held_locks,
    settings.broken_realms,
    logins.root_cannot_log_in,
    logins.nobody_left,
    logins.realm_keeps_out,
    logins.keys_in_vain,
    logins.locked,
    logins.without_second_factor,
    rights.self_made_roots,
    rights.ghost_entries,
    rights.blind_tokens,
    rights.expired_administrators,
    rights.unknown_privileges,
    settings.risky_realms,
    settings.failed_jobs,
    names.clashing_names,
    names.lost_realms,
    names.ghost_members,
    names.ghost_factors,
    logins.never_asked,
    logins.recovery_low,
    logins.keys_of_another_id,
    logins.secretless_tokens,
    settings.ignored_lines,
)


_OF_WHAT_IS_SEEN: tuple[_Rule, ...] = (
    settings.held_locks,
    settings.broken_realms,
    settings.risky_realms,
)
"""The rules that hold whatever users and ACL entries there may be besides."""


def concerns(snapshot: Snapshot, now: float) -> list[Finding]:
    """Everything that needs a look, in the order of the rules."""
    found = [*settings.unreadable(snapshot), *health_findings(snapshot.health.value or Health())]
    config = snapshot.access.value
    if config is not None:
        for rule in _OF_WHAT_IS_SEEN if snapshot.restricted else _RULES:
            found.extend(rule(snapshot, config, now))
    return found
