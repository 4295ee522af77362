"""What `user`, `group`, `role`, `token`, `acl` and `pool` share: a plan of what was typed.

Each of these modules has `intent_of`, which makes an intent of the options, and `run`.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Final

from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.asking import answers
from pve_auth_tui.core import expiry
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.workshop import Workshop

_NOBODY_ASKED: Final = Secret("0" * 12)


def intent_of(command: str, options: argparse.Namespace, now: float) -> Intent:
    """What a write command, or `change`, wants; `now` in seconds since 1970.

    Raises UsageError for what cannot be meant.
    """
    module = import_module(f"pve_auth_tui.actions.{command.replace('-', '_')}")
    made: Intent = module.intent_of(options, now)
    return made


def run(command: str, options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise."""
    intent = intent_of(command, options, workshop.clock.now())
    outcome = carry_out(intent, options, workshop)
    return outcome.code, outcome.text


def expire_of(options: argparse.Namespace, now: float) -> int | None:
    """Seconds since 1970, 0 for never; None where `--expire` is not given. Raises UsageError."""
    if options.expire is None:
        return None
    try:
        return expiry.until(options.expire, now)
    except UsageError as error:
        raise UsageError(f"--expire: {error}", error.hint) from None


def asked(question: str, options: argparse.Namespace, *, twice: bool = False) -> Secret:
    """What is typed without echo, or a line of standard input where nobody types.

    Nobody is asked for what is not going to be used. Raises UsageError for nothing, and for two
    that differ.
    """
    if options.command == "what-if":
        return _NOBODY_ASKED
    from_stdin = options.password_stdin or not (sys.stdin and sys.stdin.isatty())
    typist = answers(from_stdin=from_stdin)
    value = typist.line(f"{question}: ")
    if not value:
        raise UsageError("No password was given.", "Nothing was changed.")
    if twice and not from_stdin and typist.line("Once more: ") != value:
        raise UsageError("These are two different passwords.", "Nothing was changed.")
    return Secret(value)
