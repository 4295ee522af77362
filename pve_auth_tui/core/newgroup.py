"""What is worth knowing about a group's name before PVE is asked to make it.

ACL entries that are left of another group of that name are told by `core.effects`.
"""

from __future__ import annotations

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.lists.groups import claiming_realms
from pve_auth_tui.core.lookalike import reads_as
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed


def group_findings(snapshot: Snapshot, name: str) -> tuple[Finding, ...]:
    """What a new group of that name meets: realms that take it for theirs, names like it."""
    config = snapshot.access.value
    if config is None or name in config.groups:
        return ()
    found = []
    if realms := claiming_realms(snapshot, name):
        found.append(
            Finding(
                "LOOK",
                f"Its name ends in -{realms[0]}: a sync of {realms[0]} takes it for its own group, "
                "replaces its members and may remove it.",
                "Choose a name without that ending.",
            )
        )
    alike = [other for other in config.groups if reads_as(other) == reads_as(name)]
    if alike:
        found.append(Finding("LOOK", f"It is easily taken for {listed(alike)}."))
    return tuple(found)
