"""The matrix as a table, as sentences and as JSON, for screen and command line. Texts are raw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pve_auth_tui.core.listing import Column as TableColumn
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.listing import Row as TableRow
from pve_auth_tui.core.survive.cell import SHOWN
from pve_auth_tui.core.survive.drills import proved_cell, proved_words, why_no_drill
from pve_auth_tui.core.survive.independence import taken_by
from pve_auth_tui.core.survive.survival import Row, Survival
from pve_auth_tui.core.survive.threat import Threat

_WHO: Final = TableColumn("Administrator", 17, grow=True)
_WITH: Final = TableColumn("With", 11, grow=True)
_PROVED: Final = TableColumn("Proved", 10, wide=True)


def columns() -> tuple[TableColumn, ...]:
    """Who, with what, a column for each trouble, when it was proved."""
    return (_WHO, _WITH, *(TableColumn(one.column, 5) for one in Threat), _PROVED)


def narrow_columns(threat: Threat) -> tuple[TableColumn, ...]:
    """Where there is room for one trouble only."""
    return (TableColumn("Administrator", 14, grow=True), _WITH, TableColumn(threat.column, 5))


def table_rows(found: Survival, now: float, at: Threat | None = None) -> list[TableRow]:
    """A row for each way in; the column `at` is marked, where one is."""
    return [
        TableRow(
            row.way.key,
            (
                row.way.userid,
                row.way.shown,
                *(_cell(row, threat, at) for threat in Threat),
                proved_cell(row.mark, now),
            ),
        )
        for row in found.rows
    ]


def narrow_rows(found: Survival, threat: Threat) -> list[TableRow]:
    """The same for `narrow_columns`."""
    return [
        TableRow(row.way.key, (row.way.userid, row.way.shown, SHOWN[row.cells[threat].word]))
        for row in found.rows
    ]


def _cell(row: Row, threat: Threat, at: Threat | None) -> str:
    word = SHOWN[row.cells[threat].word]
    return f"[{word}]" if threat is at else word


# --- sentences --------------------------------------------------------------------------------


def summary(found: Survival) -> tuple[Line, ...]:
    """The findings, each with its next step."""
    lines: list[Line] = []
    for finding in found.findings:
        fix = f". {finding.fix}" if finding.fix else ""
        lines.append(Line(f"{finding.text}{fix}", word=finding.word))
    return tuple(lines)


def cell_heading(row: Row, threat: Threat) -> str:
    """`root@pam, key rack 3 - phone lost: yes`."""
    return f"{row.way.userid}, {row.way.shown} - {threat.title}: {SHOWN[row.cells[threat].word]}"


def cell_lines(row: Row, threat: Threat, now: float) -> tuple[Line, ...]:
    """Why, what the trouble is, when it was proved."""
    return (
        Line(f"{row.cells[threat].why}.", "Why"),
        Line(threat.meaning, "If"),
        Line(proved_words(row.way, row.mark, now), "Proved"),
    )


def row_lines(row: Row, now: float) -> tuple[Line, ...]:
    """Everything about a way in: each trouble, what takes it, when it was proved."""
    way = row.way
    falls = [threat.title for threat in Threat if threat in taken_by(row.cells)]
    lines = [Line(f"{way.userid} with {way.shown}", "Way in")]
    if way.reason:
        lines.append(Line(f"{way.userid} {way.reason}", "Today"))
    lines.append(Line(proved_words(way, row.mark, now), "Proved"))
    if why_not := why_no_drill(way):
        lines.append(Line(why_not, "Drill"))
    lines.append(Line(", ".join(falls) or "none of the eight troubles", "Falls to"))
    for threat in Threat:
        found = row.cells[threat]
        lines += [
            Line(""),
            Line(f"{threat.title}: {SHOWN[found.word]}, {found.why}."),
            Line(f"  {threat.meaning}"),
        ]
    return tuple(lines)


def reasons(found: Survival) -> Iterator[str]:
    """Every cell that is no yes, way in by way in."""
    for row in found.rows:
        taken = [(one, row.cells[one]) for one in Threat if row.cells[one].word != "yes"]
        if taken:
            yield f"{row.way.userid}, {row.way.shown}:"
            for threat, one in taken:
                yield f"  {threat.title}: {SHOWN[one.word]}, {one.why}."


# --- JSON -------------------------------------------------------------------------------------


def as_json(found: Survival) -> dict[str, Any]:
    """Stable keys; times are seconds since 1970, null for never."""
    return {
        "independent": len(found.independent),
        "ways": [
            {
                "user": row.way.userid,
                "with": row.way.how,
                "entry": row.way.entry.id if row.way.entry else None,
                "description": row.way.entry.description if row.way.entry else "",
                "first": row.way.first.value,
                "certainty": row.way.certainty,
                "reason": row.way.reason,
                "independent": row.way in found.independent,
                "proved": row.mark.at if row.mark else None,
                "proof": row.mark.how.value if row.mark else None,
                "cells": {
                    threat.value: {"word": one.word, "why": one.why}
                    for threat, one in row.cells.items()
                },
            }
            for row in found.rows
        ],
        "troubles": [
            {
                "name": one.threat.value,
                "title": one.threat.title,
                "ways": one.alive,
                "logins": one.people,
                "unknown": one.unknown,
            }
            for one in found.columns
        ],
        "without": [{"user": one.userid, "reason": one.reason} for one in found.without],
        "findings": [
            {"word": one.word, "text": one.text, "fix": one.fix} for one in found.findings
        ],
    }
