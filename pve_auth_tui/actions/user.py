"""`user add|edit|enable|disable|password|remove`: users, with the words of `pveum user`."""

from __future__ import annotations

import argparse
from typing import Final

from pve_auth_tui.actions import writing
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import users
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.workshop import Workshop

_AS_GIVEN: Final = ("comment", "email", "enable", "firstname", "keys", "lastname")


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    return writing.run("user", options, workshop)


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted; asks for passwords. Raises UsageError."""
    match options.verb:
        case "add":
            values = _values(options, now)
            password = _password(options) if options.password else None
            return users.add(options.userid, values, password)
        case "edit":
            values = _values(options, now)
            if not values and not options.leave:
                raise UsageError("Nothing is to change.", "For example: --groups ops --append")
            return users.edit(
                options.userids,
                values,
                append=bool(options.append),
                leave=options.leave or (),
            )
        case "enable" | "disable":
            return users.switch(options.userids, enable=options.verb == "enable")
        case "password":
            password = _password(options)
            own = options.confirmation_password
            confirmation = writing.asked("Your own password", options) if own else None
            return users.set_password(options.userid, password, confirmation)
    return users.remove(options.userids)


def _password(options: argparse.Namespace) -> Secret:
    return writing.asked(f"New password of {plain(options.userid)}", options, twice=True)


def _values(options: argparse.Namespace, now: float) -> dict[str, users.Value]:
    """PVE's parameters, as far as they are given. Raises UsageError."""
    given = {name: getattr(options, name) for name in _AS_GIVEN}
    given["expire"] = writing.expire_of(options, now)
    given["groups"] = None if options.groups is None else ",".join(options.groups)
    return {name: value for name, value in given.items() if value is not None}
