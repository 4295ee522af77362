"""What PVE answers only once (secrets of API tokens, recovery keys): to a file or a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from pve_auth_tui.actions import showing
from pve_auth_tui.actions.running import Outcome
from pve_auth_tui.arguments import FAILED
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tokenheader import told
from pve_auth_tui.output import complain
from pve_auth_tui.services.report import Report
from pve_auth_tui.workshop import Workshop


def require_a_place(options: argparse.Namespace, workshop: Workshop) -> None:
    """Before anything is changed. Raises UsageError and Refused where it would be lost."""
    if options.save:
        complain(*workshop.keepsake.remarks(options.save))
    else:
        showing.require_consent(showing.sight(options), options, Answers())


def handed_over(outcome: Outcome, options: argparse.Namespace, workshop: Workshop) -> int:
    """What the plan's answers hold of that, to a file or to the terminal; the exit code."""
    lines = list(_secret_lines(outcome.report)) if outcome.report else []
    if not lines:
        return outcome.code
    if options.save:
        try:
            kept = workshop.keepsake.save(options.save, Secret("".join(f"{x}\n" for x in lines)))
        except AuthTuiError as error:
            complain("It was made, but not saved:", str(error), error.hint)
        else:
            complain(f"Saved: {kept.path}")
            return outcome.code
    if not _is_seen(lines, options):
        complain("PVE answered with a secret that nobody could be shown: it needs a new one.")
        return outcome.code or FAILED
    return (outcome.code or FAILED) if options.save else outcome.code


def _is_seen(lines: list[str], options: argparse.Namespace) -> bool:
    try:
        showing.show(showing.sight(options), ["Nobody can see this again:", *lines, ""])
    except (UsageError, OSError):
        return False
    return True


def _secret_lines(report: Report) -> Iterator[str]:
    """Of API tokens what the screens show of them, too; recovery keys as PVE gives them."""
    for tokenid, secret in report.told_once:
        yield from told(plain(tokenid), secret).reveal().splitlines()
    for result in report.results:
        keys = result.answer.get("recovery") if isinstance(result.answer, dict) else None
        yield from (plain(key) for key in keys or () if isinstance(key, str))
