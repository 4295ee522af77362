"""The ways back, the one that does least first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pve_auth_tui.core.recover.causes import Cause, causes_of
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.wayback import Kind, WayBack
from pve_auth_tui.core.recover.ways_alone import votes_back
from pve_auth_tui.core.recover.ways_login import ways_into
from pve_auth_tui.core.recover.ways_machine import OF_CAUSE
from pve_auth_tui.core.recover.ways_pmxcfs import dead_mount, hand_back, start
from pve_auth_tui.core.recover.ways_quorum import without_quorum

__all__ = ["Kind", "WayBack", "ways_back"]


def ways_back(situation: Situation, held: Collection[str]) -> tuple[WayBack, ...]:
    """`held`: ids of the factors that somebody still has. REFUSED ones come last.

    What is wrong with the node comes first: without it nothing of the login can be changed.
    """
    causes = causes_of(situation)
    found = [*_of_node(situation, causes), *ways_into(situation, causes, held)]
    found += hand_back(situation)
    found += votes_back(situation)
    unique = {way.id: way for way in reversed(found)}
    kept = [way for way in found if unique[way.id] is way]
    return tuple(sorted(kept, key=lambda way: way.kind is Kind.REFUSED))


def _of_node(situation: Situation, causes: Sequence[Cause]) -> Iterator[WayBack]:
    for cause in causes:
        if cause in OF_CAUSE:
            yield from OF_CAUSE[cause](situation)
        elif cause is Cause.DEAD_MOUNT:
            yield from dead_mount(situation)
        elif cause is Cause.PMXCFS:
            yield from start(situation)
        elif cause is Cause.NO_QUORUM:
            yield from without_quorum(situation)
