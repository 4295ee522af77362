"""`pam check`: whether PAM lets root in, and nobody without a password. It changes nothing.

The keys of the JSON value are stable: see docs/command-line.md.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from pve_auth_tui.arguments import FINDINGS, OK
from pve_auth_tui.core.pam.model import PamReport
from pve_auth_tui.core.pam.told import COLUMNS, COVERED, as_json, remarks, rows
from pve_auth_tui.output import headed, json_line, table, terminal_width
from pve_auth_tui.workshop import Workshop

_WORD: Final = 6


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code (4 where anything is BAD or to be looked at) and what goes to stdout.

    Raises Refused where this is not the node itself, Unreadable.
    """
    report = workshop.pam.check()
    code = FINDINGS if report.everything else OK
    text = (
        json_line(as_json(report)) if options.json else text_of(report, terminal_width(sys.stdout))
    )
    return code, text


def text_of(report: PamReport, width: int | None) -> str:
    """The verdicts, then what is wrong with its lines, then root before and after a join."""
    found = table(COLUMNS, (row.cells for row in rows(report)), width)
    told = "".join(headed(word, text, width, room=_WORD) for word, text in remarks(report))
    return f"{found}\n{told}\n{headed('', COVERED, width, room=0)}"
