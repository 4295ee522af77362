"""`role add|edit|remove`: roles, with the words of `pveum role`."""

from __future__ import annotations

import argparse

from pve_auth_tui.actions import writing
from pve_auth_tui.core.intents import roles
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("role", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted."""
    match options.verb:
        case "add":
            return roles.add(options.roleid, options.privs or ())
        case "edit":
            return roles.edit(options.roleid, options.privs, append=bool(options.append))
    return roles.remove(options.names)
