"""What PVE answers only once (secrets of API tokens, recovery keys): to a file or a terminal."""

from __future__ import annotations

import argparse
from typing import Any, Final

from pve_auth_tui.actions import showing
from pve_auth_tui.actions.running import Outcome
from pve_auth_tui.arguments import FAILED
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.output import complain
from pve_auth_tui.workshop import Workshop

_SECRET_ANSWERS: Final = ("value", "recovery")


def require_a_place(options: argparse.Namespace, workshop: Workshop) -> None:
    """Before anything is changed. Raises UsageError and Refused where it would be lost."""
    if options.save:
        complain(*workshop.keepsake.remarks(options.save))
    else:
        showing.require_consent(showing.sight(options), options, Answers())


def handed_over(outcome: Outcome, options: argparse.Namespace, workshop: Workshop) -> int:
    """What the plan's answers hold of that, to a file or to the terminal; the exit code."""
    results = outcome.report.results if outcome.report else ()
    lines = [line for result in results for line in _secret_lines(result.answer)]
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


def _secret_lines(answer: Any) -> list[str]:
    if not isinstance(answer, dict):
        return []
    found = [answer[name] for name in _SECRET_ANSWERS if name in answer]
    texts = [text for one in found for text in (one if isinstance(one, list) else [one])]
    head = answer.get("full-tokenid")
    start = f"{plain(head)} = " if isinstance(head, str) else ""
    return [f"{start}{plain(text)}" for text in texts if isinstance(text, str)]
