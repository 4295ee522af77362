"""`realm add|edit|remove`: realms of every type, with the words of `pveum realm`."""

from __future__ import annotations

import argparse
from typing import Final

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import realmremoval, realms
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.realmoptions import SECRETS
from pve_auth_tui.core.schema import REALM
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.workshop import Workshop

_NAMES: Final = tuple(name for name in REALM if name not in ("realm", "type", *SECRETS))
_TFA: Final = "tfa"
_QUESTIONS: Final = {"password": "Bind password", "client-key": "Client key"}


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("realm", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted; asks for secrets. Raises UsageError."""
    name = options.realm
    if options.verb == "remove":
        return realmremoval.remove(name, clean=options.clean or ())
    values, secrets = _values(options), _secrets(options)
    check = bool(options.check_connection)
    if options.verb == "add":
        return realms.add(name, options.type, values, secrets, check=check)
    if not (values or secrets or options.delete):
        raise UsageError("Nothing is to change.", "For example: --comment 'Our directory'")
    return realms.edit(
        name, values, options.delete or (), secrets, digest=options.digest or "", check=check
    )


def _values(options: argparse.Namespace) -> dict[str, str]:
    """PVE's parameters, as far as they are given. Raises UsageError for `tfa` with a key in it."""
    given = {}
    for name in _NAMES:
        value = getattr(options, name.replace("-", "_"))
        if value is not None:
            given[name] = str(int(value)) if isinstance(value, bool) else value
    if options.tfa_key:
        given.pop(_TFA, None)
    return given


def _secrets(options: argparse.Namespace) -> dict[str, Secret]:
    found = {
        name: writing.asked(f"{question} of realm {plain(options.realm)}", options)
        for name, question in _QUESTIONS.items()
        if getattr(options, name.replace("-", "_"))
    }
    if options.tfa_key:
        if not (options.tfa or "").startswith("type=yubico"):
            raise UsageError("--tfa-key goes with --tfa type=yubico,id=ID.")
        key = writing.asked("Yubico API key", options).reveal()
        found[_TFA] = Secret(f"{options.tfa},key={key}")
    return found
