"""What every write of user.cfg loses along: privileges that this PVE does not know (reference 3.6).

PVE leaves them out when it reads a role, and so they are not in what it writes.
"""

from __future__ import annotations

from collections.abc import Iterator

from pve_auth_tui.core.effects.scene import Scene
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.words import listed


def dropped_effects(scene: Scene) -> Iterator[Effect]:
    """One line for the roles that lose the same; those that are removed have one already."""
    losing: dict[frozenset[str], list[str]] = {}
    for name, role in sorted(scene.old.roles.items()):
        after = scene.new.roles.get(name)
        if role.dropped and after is not None and not after.dropped:
            losing.setdefault(role.dropped, []).append(name)
    for privs, roles in losing.items():
        end = "s" if len(roles) == 1 else ""
        what = listed(sorted(privs))
        yield Effect(listed(roles), f"lose{end} {what} for good: unknown to this PVE")
