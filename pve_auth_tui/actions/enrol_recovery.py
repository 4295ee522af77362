"""`enrol USER --recovery`: ten keys, shown once or saved, and one of them typed back."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from pve_auth_tui.actions import showing
from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.arguments import FAILED
from pve_auth_tui.asking import Answers, answers
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.recovery import COUNT, RecoveryKeys, keys_from, listed, typed_back
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import complain, json_line
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout.

    Whether there is a place for the keys is found out before they are made. Raises UsageError,
    Refused, Unwritable, and what planning and applying raise.
    """
    asked = answers(from_stdin=options.password_stdin)
    snapshot, _, node = workshop.outlooks.fresh()
    if not options.dry_run:
        showing.require(node, Ability.CHANGE)
        _require_a_place(options, workshop, asked)
    draft = workshop.enrol.recovery(options.userid, snapshot)
    outcome = carry_out(draft.intent, options, workshop)
    results = outcome.report.results if outcome.report else ()
    made = [result.answer for result in results if result.answer]
    if not made:
        return outcome.code, outcome.text
    keys = keys_from(made[-1])
    saved = _is_saved(options, workshop, keys, snapshot)
    typed = not saved and _is_typed_back(options, asked, keys)
    code = outcome.code if saved or not options.save else FAILED
    if not options.json:
        return code, outcome.text
    told: dict[str, Any] = {
        "count": COUNT,
        "replaces": draft.replaces,
        "saved": str(options.save) if saved else None,
        "typed_back": typed,
    }
    if showing.in_json(options):
        told["keys"] = [key.reveal() for key in keys.keys]
    value: dict[str, Any] = json.loads(outcome.text)
    return code, json_line({**value, "recovery": told})


def _require_a_place(options: argparse.Namespace, workshop: Workshop, asked: Answers) -> None:
    if options.save:
        complain(*workshop.keepsake.remarks(options.save))
    else:
        showing.require_consent(showing.sight(options), options, asked)


def _is_saved(
    options: argparse.Namespace, workshop: Workshop, keys: RecoveryKeys, snapshot: Snapshot
) -> bool:
    """Nothing is lost when it fails: then they are shown, if that is possible at all."""
    if not options.save:
        return False
    sheet = workshop.enrol.sheet(keys, options.userid, snapshot)
    try:
        kept = workshop.keepsake.save(options.save, sheet)
    except AuthTuiError as error:
        complain("The keys were made, but not saved:", str(error))
        return False
    complain(f"Saved: {kept.path}")
    return True


def _is_typed_back(options: argparse.Namespace, asked: Answers, keys: RecoveryKeys) -> bool:
    """Shows them. Whether somebody has typed one from the paper; nobody is made to."""
    try:
        stream = showing.sight(options)
    except UsageError:  # they were to be saved
        complain("They cannot be shown here either, so they are lost: replace them.")
        return False
    lines = ["Write them down now, with their numbers: nobody can see them again.", ""]
    showing.show(stream, [*lines, *listed(keys).reveal().splitlines(), ""])
    if options.password_stdin or not (sys.stdin and sys.stdin.isatty()):
        return False
    while typed := asked.line("Type one back from the paper (none: leave it): ", echo=True):
        problem = typed_back(keys, typed)
        complain(problem or "That is one of them. It was compared here, and not used up.")
        if not problem:
            return True
    complain("Nobody has typed a key back. If they are lost: enrol --recovery makes new ones.")
    return False
