"""`sync-job add|edit|remove`: when PVE syncs a realm by itself, with the names of PVE's API."""

from __future__ import annotations

import argparse

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import jobs
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.planning import together
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("sync-job", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted. Raises UsageError."""
    if options.verb == "remove":
        title = f"remove {len(options.names)} sync jobs" if len(options.names) > 1 else ""
        return together([jobs.remove(name) for name in options.names], title)
    values = {
        "schedule": options.schedule,
        "enabled": _flag(options.enabled),
        "comment": options.comment,
        "scope": options.scope,
        "enable-new": _flag(options.enable_new),
        "remove-vanished": options.remove_vanished,
    }
    given = {name: value for name, value in values.items() if value is not None}
    if options.verb == "add":
        return jobs.add(options.job, options.realm, given)
    for name in options.delete or ():
        if name in given:
            raise UsageError(f"{name} cannot be set and deleted at once.")
        given[name] = ""
    if not given:
        raise UsageError("Nothing is to change.", "For example: --schedule 'mon..fri 02:30'")
    return jobs.edit(options.job, given)


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(int(value))
