"""`journal`: what was changed with this program, whether that is all, and what undo keeps."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Final, NamedTuple

from pve_auth_tui.arguments import FAILED, OK
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.journalcheck import Verdict, sentence
from pve_auth_tui.core.journalrows import COLUMNS, as_json, rows
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.ports import Journal
from pve_auth_tui.core.words import count_words
from pve_auth_tui.output import complain, json_line, table, terminal_width

_HASH: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class Desk(NamedTuple):
    """The journal, and what forgets what undo keeps (how many plans). Neither needs a node."""

    journal: Journal
    purge: Callable[[], int]


def run(options: argparse.Namespace, desk: Desk) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises UsageError, Unreadable, and what purging does.

    `verify` gives 1 when the journal is not as it was written.
    """
    head = _head(options.head)
    if options.action == "verify":
        return _verified(options, desk.journal.verify(head))
    if head:
        raise UsageError("--head is for verify.", "For example: journal verify --head HASH")
    if options.action == "purge":
        return _purged(options, desk)
    return _shown(options, desk)


def _head(text: str) -> str:
    found = _HASH.fullmatch(text.strip().lower())
    if text and not found:
        raise UsageError(
            f"{text} is no hash of an entry.", "It has 64 hexadecimal digits: sha256:... in syslog."
        )
    return found[1] if found else ""


def _verified(options: argparse.Namespace, verdict: Verdict) -> tuple[int, str]:
    code = OK if verdict.ok else FAILED
    if options.json:
        return code, json_line(
            {
                "ok": verdict.ok,
                "entries": verdict.entries,
                "head": verdict.head,
                "broken_at": verdict.number or None,
                "why": verdict.why,
                "notes": list(verdict.notes),
            }
        )
    lines = [sentence(verdict), *(f"LOOK {note}" for note in verdict.notes)]
    if verdict.ok and verdict.entries and not options.head:
        lines.append("Without --head nobody can tell whether it was cut off or written anew.")
    return code, "".join(f"{plain(line)}\n" for line in lines)


def _purged(options: argparse.Namespace, desk: Desk) -> tuple[int, str]:
    count = desk.purge()
    if options.json:
        return OK, json_line({"purged": count})
    if not count:
        return OK, "Nothing was kept for undo.\n"
    return OK, f"Removed what was kept to undo {count_words(count, 'change', 'changes')}.\n"


def _shown(options: argparse.Namespace, desk: Desk) -> tuple[int, str]:
    entries = desk.journal.read()
    verdict = desk.journal.verify()
    if not verdict.ok:
        complain(sentence(verdict))
    if options.json:
        return OK, json_line([as_json(entry) for entry in entries])
    if not entries:
        return OK, "The journal has no entries.\n"
    width = terminal_width(sys.stdout)
    found = rows(entries, whole_names=width is None)
    return OK, table(COLUMNS, (row.cells for row in found), width)
