"""`unlock USER`: takes PVE's locks off somebody's second factors, as a plan."""

from __future__ import annotations

import argparse

from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.core.intents import factors
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    outcome = carry_out(factors.unlock(options.userid), options, workshop)
    return outcome.code, outcome.text
