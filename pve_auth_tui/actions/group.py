"""`group add|edit|remove`: groups with the words of `pveum group`, and their members."""

from __future__ import annotations

import argparse

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import groups, removal
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("group", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted. Raises UsageError."""
    if options.verb == "remove":
        return removal.remove([Key("group", name) for name in options.names])
    name, comment, members = options.groupid, options.comment, options.members
    if options.verb == "add":
        return groups.add(name, comment=comment or "", members=members or ())
    join, leave = options.add_members, options.remove_members
    if comment is None and members is None and join is None and leave is None:
        raise UsageError("Nothing is to change.", "For example: --add-members ann@pve")
    if members is not None and (join or leave):
        raise UsageError("--members names all of them: leave out --add-members, --remove-members.")
    return groups.edit(name, comment=comment, members=members, join=join or (), leave=leave or ())
