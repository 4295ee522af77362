"""`enrol USER --yubico`: a YubiKey that types one-time codes, where the realm can check them."""

from __future__ import annotations

import argparse
from typing import Final

from pve_auth_tui.actions import showing
from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.arguments import OK
from pve_auth_tui.asking import answers
from pve_auth_tui.core import yubico
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents.yubico import add_yubico, described_problem
from pve_auth_tui.core.modhex import LENGTH
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.output import complain
from pve_auth_tui.workshop import Workshop

_NOTHING: Final = "Nothing was changed."
_NOBODYS: Final = Secret("c" * LENGTH)  # of no key: only to show what a plan would be


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout.

    The code is asked for without echo; with --password-stdin it is the first line. Nobody is asked
    where PVE could not check it, or for --dry-run. Raises UsageError, Refused, and what planning
    and applying raise.
    """
    snapshot, _, node = workshop.outlooks.fresh()
    if problem := yubico.why_no_yubico(snapshot, options.userid):
        raise Refused(problem, yubico.WHAT_TO_DO)
    if problem := described_problem(options.description):
        raise UsageError(problem, "Use --description.")
    otp = _NOBODYS
    if not options.dry_run:
        showing.require(node, Ability.SEND_SECRET)
        otp = _touched(options)
    outcome = carry_out(add_yubico(options.userid, options.description, otp), options, workshop)
    if outcome.code == OK and outcome.report is not None:
        complain(f"No login has proved it yet: prove {options.userid}")
    return outcome.code, outcome.text


def _touched(options: argparse.Namespace) -> Secret:
    """What the key types. Raises UsageError for what cannot be a code: it is not sent."""
    asked = answers(from_stdin=options.password_stdin)
    otp = Secret(asked.line(f"Touch the YubiKey of {plain(options.userid)}: "))
    if problem := yubico.otp_problem(otp):
        raise UsageError(problem.removesuffix(" ^U clears the field."), _NOTHING)
    return otp
