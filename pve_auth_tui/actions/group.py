"""`group add|edit|remove`: groups with the words of `pveum group`, and their members."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import groups, removal
from pve_auth_tui.core.intents.common import access_of, found, user_of
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed
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
    if join is None and leave is None:
        return groups.edit(name, comment=comment, members=members)
    if members is not None:
        raise UsageError("--members names all of them: leave out --add-members, --remove-members.")
    return _moved(name, comment, join or (), leave or ())


def _moved(name: str, comment: str | None, join: Sequence[str], leave: Sequence[str]) -> Intent:
    """Raises UsageError for who is to do both, and for who leaves and is not known at all."""
    if both := sorted(set(join) & set(leave)):
        raise UsageError(f"{listed(both)} cannot join and leave at once.")

    def intent(snapshot: Snapshot) -> Draft:
        group = found(snapshot, access_of(snapshot).groups, name, "group")
        for userid in set(leave) - set(group.members):
            user_of(snapshot, userid)
        members = sorted(set(group.members).union(join) - set(leave))
        return groups.edit(name, comment=comment, members=members)(snapshot)

    return intent
