"""The tables in docs/join-faults.md, made of the rows that `make lab` seeds at real nodes.

    .venv/bin/python -m tests.lab.joinlab.table

writes them anew. No server is needed for that.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from pve_auth_tui.core.join.model import Topic
from pve_auth_tui.core.words import count_words
from tests.lab.faults.table import with_tables
from tests.lab.joinlab.faults import FAULTS, Seeded
from tests.lab.joinlab.rows import Command

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "join-faults.md"
_PARTS: Final[dict[str, tuple[Command, ...]]] = {
    "before": ("join discover", "join check"),
    "join": ("join run",),
    "after": ("join validate",),
}


def tables() -> dict[str, str]:
    """Marker -> what stands behind it, as Markdown."""
    parts = {
        name: _table([one for one in FAULTS if one.fault.command in commands])
        for name, commands in _PARTS.items()
    }
    return {"count": _count(), **parts}


def _count() -> str:
    suites = Counter(one.suite for one in FAULTS)
    where = " and ".join(f"{count} on {suite}" for suite, count in sorted(suites.items()))
    causes = len({one.fault.cause for one in FAULTS})
    return f"{count_words(len(FAULTS), 'fault', 'faults')}, {where}; {causes} causes."


def _table(rows: list[Seeded]) -> str:
    head = (
        "| fault | how it is seeded | Debian | command | where | told as |",
        "|---|---|---|---|---|---|",
    )
    return "\n".join((*head, *map(_row, rows)))


def _row(one: Seeded) -> str:
    fault = one.fault
    if isinstance(fault.at, Topic):
        where, word = fault.at.value, fault.word
        told = "refused" if fault.command == "join run" else word
    else:
        where, told = f"the step `{fault.at}`", "rolled back"
    cells = (
        fault.name,
        fault.seeded,
        one.suite,
        f"`{fault.command}`",
        where,
        f"{told} `{fault.cause.value}`",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), tables()))
