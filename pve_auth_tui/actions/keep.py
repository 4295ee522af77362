"""`keep ID`: a change that would take itself back stays."""

from __future__ import annotations

import argparse

from pve_auth_tui.arguments import OK
from pve_auth_tui.core.plain import plain
from pve_auth_tui.output import json_line
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises Refused when it does not take itself back."""
    kept = workshop.plans.keep(options.id)
    if options.json:
        return OK, json_line({"kept": kept.id, "title": kept.title})
    return OK, f"Kept: {plain(kept.title)}.\n"
