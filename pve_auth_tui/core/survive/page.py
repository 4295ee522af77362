"""The matrix as a page of text to be kept: findings, table, reasons. It holds no secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.survival import Survival
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.told import columns, reasons, summary, table_rows
from pve_auth_tui.core.words import date_time

_WORD: Final = 6  # cells


def page(found: Survival, snapshot: Snapshot, now: float) -> str:
    """As `plain` text; `now` in seconds since 1970."""
    cluster = snapshot.cluster.value
    where = (cluster.name or cluster.node) if cluster else ""
    lines = [
        f"Ways in{f' of {where}' if where else ''}, {date_time(now)}",
        *(["DEMO: a simulated cluster."] if snapshot.demo else []),
        "",
        *(f"{fit(line.word or '', _WORD)}{line.text}" for line in summary(found)),
        "",
        *_aligned(
            [
                tuple(column.title for column in columns()),
                *(row.cells for row in table_rows(found, now)),
            ]
        ),
        "",
        *reasons(found),
        "",
        *(f"{fit(threat.column, _WORD)}{threat.title}. {threat.meaning}" for threat in Threat),
    ]
    return "\n".join(plain(line).rstrip() for line in lines) + "\n"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    shown = [[plain(text) for text in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(map(fit, row, widths)) for row in shown]
