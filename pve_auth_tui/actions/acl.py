"""`acl add|edit|remove`: ACL entries, with the words of `pveum acl`."""

from __future__ import annotations

import argparse

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import acl, removal
from pve_auth_tui.core.names import tree_path
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("acl", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted. Raises UsageError."""
    subjects = acl.Subjects(options.users or (), options.groups or (), options.tokens or ())
    if not subjects.all:
        raise UsageError("Nobody is named.", "Use --users, --groups or --tokens.")
    if options.verb == "add":
        propagate = options.propagate is not False
        return acl.add(options.paths, options.roles, subjects, propagate=propagate)
    keys = [
        Key("acl", _place(path), f"{kind}:{subject}:{role}")
        for path in options.paths
        for kind, subject in subjects.all
        for role in options.roles
    ]
    if options.verb == "remove":
        return removal.remove(keys)
    if options.new_role is None and options.propagate is None:
        raise UsageError("Nothing is to change.", "Use --new-role, --propagate, or both.")
    return acl.edit(keys, role=options.new_role, propagate=options.propagate)


def _place(path: str) -> str:
    """Where PVE keeps the entries for a path. Raises UsageError for what is no path."""
    place = tree_path(path)
    if place is None:
        raise UsageError(f"{path} is no path.", "/ is everything, /vms/100 one guest.")
    return place
