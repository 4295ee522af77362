"""`tfa edit|remove`: second factors that are there. A factor goes by its id or its description."""

from __future__ import annotations

import argparse
from typing import Final

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import factors
from pve_auth_tui.core.intents.common import factors_of
from pve_auth_tui.core.plan import Draft, Intent
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.words import listed
from pve_auth_tui.workshop import Workshop

_SHORTEST: Final = 4  # characters of an id that are enough, if they fit one alone


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("tfa", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted. Raises UsageError."""
    if options.verb == "remove":
        return _removal(options)
    if options.description is None and options.enable is None:
        raise UsageError("Nothing is to change.", "Use --description, --enable, or both.")
    return _edit(options)


def _edit(options: argparse.Namespace) -> Intent:
    def intent(snapshot: Snapshot) -> Draft:
        userid, entry = options.userid, _named(snapshot, options.userid, options.factor)
        wanted = []
        if options.enable is not None:
            wanted.append(factors.switch(userid, entry.id, enable=options.enable))
        if options.description is not None:
            wanted.append(factors.rename(userid, entry.id, options.description))
        if len(wanted) == 2 and entry.enable == options.enable:
            del wanted[0]  # it is so already, and would refuse the other one, too
        elif len(wanted) == 2 and entry.description == options.description.strip():
            del wanted[1]
        return together(wanted, f"edit {factors.named(entry)} of {userid}")(snapshot)

    return intent


def _removal(options: argparse.Namespace) -> Intent:
    def intent(snapshot: Snapshot) -> Draft:
        entries = [_named(snapshot, options.userid, name) for name in options.factors]
        return factors.remove(options.userid, [entry.id for entry in entries])(snapshot)

    return intent


def _named(snapshot: Snapshot, userid: str, name: str) -> TfaEntry:
    """By its id, else its description, else the beginning of its id. Raises UsageError."""
    entries = factors_of(snapshot, userid).entries
    begins = [entry for entry in entries if entry.id.startswith(name)]
    for found in (
        [entry for entry in entries if entry.id == name],
        [entry for entry in entries if entry.description == name],
        begins if len(name) >= _SHORTEST else [],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            ids = listed([entry.id for entry in found])
            raise UsageError(f"{userid} has {len(found)} second factors {name}.", f"Ids: {ids}")
    if not entries:
        raise UsageError(f"{userid} has no second factor.")
    there = listed([f"{entry.id} ({factors.named(entry)})" for entry in entries], 4)
    raise UsageError(f"{userid} has no second factor {name}.", f"There is: {there}")
