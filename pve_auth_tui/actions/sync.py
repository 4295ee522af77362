"""`sync REALM`: what a sync would do (`--preview`), or the sync itself as a plan.

Options are those of `pveum realm sync`. The directory is read before anything is planned.
"""

from __future__ import annotations

import argparse
import sys
from threading import Event
from typing import Final

from pve_auth_tui.actions.at_directory import agreed
from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.actions.signals import on_signals
from pve_auth_tui.arguments import FINDINGS, OK, PROGRAM
from pve_auth_tui.asking import answers
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.directory.unsafe import bind_password
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.intents.sync import sync
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.asjson import as_json
from pve_auth_tui.core.sync.astext import preview_text
from pve_auth_tui.core.sync.dryrun import Agreement, compare
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.options import options_of
from pve_auth_tui.core.sync.preview import Preview
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.output import json_line, terminal_width
from pve_auth_tui.workshop import Workshop

_STOPS: Final = "Stopping ... nothing was written yet."


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout; with --preview 4 where anything is to be looked at.

    Raises DirectoryTrouble, and what planning and applying raise.
    """
    snapshot = workshop.outlooks.fresh().snapshot
    realm = _realm(options.realm, snapshot)
    wanted = options_of(realm, _given(options))
    stop = Event()
    with on_signals(stop.set, _STOPS):
        found = _read(options, workshop, settings_of(realm), wanted, stop)
        if options.preview:
            earlier = workshop.sync.earlier(realm.name)
            now = workshop.clock.now()
            seen = preview(snapshot, found, wanted, now=now, earlier=earlier)
            return _told(seen, _agreement(workshop, seen, stop), as_value=options.json)
    outcome = carry_out(sync(realm.name, found, wanted), options, workshop)
    return outcome.code, outcome.text


def _realm(name: str, snapshot: Snapshot) -> Realm:
    if snapshot.realms.value is None:
        raise Refused(f"The realms cannot be read. {snapshot.realms.problem}".strip())
    realm = snapshot.realms.value.realms.get(name)
    if realm is None:
        raise UsageError(f"There is no realm {name}.", f"See: {PROGRAM} realms")
    if realm.type not in (None, "ad", "ldap"):
        raise UsageError(f"Only LDAP and AD realms are synced, and {realm.name} is none.")
    return realm


def _given(options: argparse.Namespace) -> dict[str, str]:
    values = {
        "scope": options.scope,
        "enable-new": None if options.enable_new is None else str(int(options.enable_new)),
        "remove-vanished": options.remove_vanished,
    }
    return {name: value for name, value in values.items() if value is not None}


def _read(
    options: argparse.Namespace,
    workshop: Workshop,
    settings: DirectorySettings,
    wanted: SyncOptions,
    stop: Event,
) -> Found:
    asked = answers(from_stdin=options.password_stdin)
    password = None
    if options.password_stdin and settings.bind_dn:
        password = Secret(asked.line(f"Password of {plain(settings.bind_dn)}: "))
    yes = agreed(settings, bind_password(settings), options, asked)
    return workshop.sync.read(settings, wanted, password, agreed=yes, stopped=stop.is_set)


def _told(seen: Preview, agreement: Agreement | None, *, as_value: bool) -> tuple[int, str]:
    bad = seen.refusal or any(one.word in ("LOOK", "BAD") for one in seen.meaning)
    code = FINDINGS if bad or (agreement and not agreement.agrees) else OK
    if as_value:
        return code, json_line(as_json(seen, agreement))
    lines = preview_text(seen, agreement, width=terminal_width(sys.stdout) or 0)
    return code, "".join(f"{line}\n" for line in lines)


def _agreement(workshop: Workshop, seen: Preview, stop: Event) -> Agreement | None:
    """None where there is no way to ask PVE; why where PVE's own preview failed."""
    try:
        told = workshop.sync.dry_run(seen.realm, seen.options, stopped=stop.is_set)
    except Refused:
        return None
    except AuthTuiError as error:
        return Agreement(False, f"PVE's own preview failed: {error}")
    return compare(seen, told)
