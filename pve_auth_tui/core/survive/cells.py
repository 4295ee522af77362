"""One cell of the matrix: a way in against a trouble."""

from __future__ import annotations

from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.cell import Cell, all_of, unknown
from pve_auth_tui.core.survive.firstfactor import of_first
from pve_auth_tui.core.survive.secondfactor import of_second
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.way import First, Way


def cell(snapshot: Snapshot, way: Way, threat: Threat) -> Cell:
    """Whether that way in still works then: both of its factors have to.

    Of one that cannot be told to work at all, only a no is certain.
    """
    first = of_first(snapshot, way, threat)
    asked = way.first not in (First.CONSOLE, First.PROVIDER)
    found = all_of((first, of_second(snapshot, way, threat)) if asked else (first,))
    if way.certainty == "unknown" and found.word != "no":
        return unknown(f"{way.userid} {way.reason}")
    return found
