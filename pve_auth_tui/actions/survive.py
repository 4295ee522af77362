"""`survive`: which way in survives what, how many are independent, when they were last proved.

The keys of the JSON value are stable: see docs/command-line.md.
"""

from __future__ import annotations

import argparse
from typing import Final

from pve_auth_tui.arguments import FINDINGS, OK
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.survival import Survival, survival
from pve_auth_tui.core.survive.told import as_json, columns, reasons, summary, table_rows
from pve_auth_tui.output import headed, json_line, table

_WORD: Final = 6


def answer(options: argparse.Namespace, snapshot: Snapshot, width: int | None) -> tuple[int, str]:
    """The exit code, FINDINGS when anything needs a look, and what goes to stdout; `width` of a
    terminal in cells.
    """
    found = survival(snapshot, snapshot.taken_at)
    code = FINDINGS if found.needs_look else OK
    text = json_line(as_json(found)) if options.json else text_of(found, snapshot.taken_at, width)
    return code, text


def text_of(found: Survival, now: float, width: int | None) -> str:
    """The findings, the matrix, and why for everything that is no yes."""
    told = "".join(headed(line.word or "", line.text, width, room=_WORD) for line in summary(found))
    matrix = table(columns(), (row.cells for row in table_rows(found, now)), width)
    why = "".join(f"{plain(line)}\n" for line in reasons(found))
    return "\n".join(part for part in (told, matrix, why) if part)
