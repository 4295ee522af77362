"""`take-back ID`: what the timer of a change runs when nobody has kept it in time (R15)."""

from __future__ import annotations

import argparse

from pve_auth_tui.actions.plainjson import report_json
from pve_auth_tui.actions.running import code_of_report, stopping, text_of_report
from pve_auth_tui.output import json_line
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises Refused for a change that does not take itself
    back, and what stands in the way of that; both are in the journal then.
    """
    with stopping(workshop.plans):
        report = workshop.plans.take_back(options.id)
    text = json_line(report_json(report)) if options.json else text_of_report(report)
    return code_of_report(report), text
