"""`change create|set|delete PATH NAME=VALUE...`: any call of PVE's API, as a plan.

The verbs and paths are pvesh's. What is secret never stands on the command line, where every user
of the node can read it: `--secret NAME` asks for it, or reads a line of standard input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.actions import once
from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.asking import Answers, answers
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents.call import call, is_secret
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.workshop import Workshop

_METHODS: Final = {"create": "POST", "set": "PUT", "delete": "DELETE"}
_ONE_TIME: Final = frozenset({"otp", "response", "tfa-challenge"})


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises UsageError for a call that cannot be one, and
    what planning and applying raise.
    """
    path = _parts(options)
    shows_secret = _answers_with_secret(options.verb, path, _params(path, options.values))
    if shows_secret and not options.dry_run:
        once.require_a_place(options, workshop)
    outcome = carry_out(intent_of(options), options, workshop)
    return once.handed_over(outcome, options, workshop), outcome.text


def intent_of(options: argparse.Namespace, now: float = 0.0) -> Intent:
    """The call; asks for its secrets. Raises UsageError."""
    path = _parts(options)
    params = _params(path, options.values)
    secrets = {name: _secret(name, options) for name in dict.fromkeys(options.secret)}
    return call(_METHODS[options.verb], path, params, secrets)


def _parts(options: argparse.Namespace) -> list[str]:
    return [part for part in options.path.split("/") if part]


def _params(path: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """Raises UsageError."""
    params: dict[str, str] = {}
    for given in values:
        name, equals, value = given.partition("=")
        if not equals or not name:
            raise UsageError(f"{given} is no NAME=VALUE.", "For example: enable=0")
        if name in params:
            raise UsageError(f"{name} is given twice.")
        if _is_visible_secret(path, name, value):
            raise UsageError(
                f"{name} is a secret: on a command line every user of this computer can read it.",
                f"Use --secret {name}: it is asked for, or read from standard input. It was"
                " visible already: choose another one.",
            )
        params[name] = value
    return params


def _is_visible_secret(path: Sequence[str], name: str, value: str) -> bool:
    """Parameters that are secrets, and those whose value can hold one: a user's old keys, the
    Yubico key in a realm's tfa, the password in a proxy's address.
    """
    if is_secret(path, name) or name in _ONE_TIME:
        return True
    match name:
        case "keys":
            return value not in {"", "x"} and not value.startswith("x!")
        case "tfa":
            return any(part.strip().startswith("key=") for part in value.split(","))
        case "http_proxy":
            return "@" in value
    return False


def _secret(name: str, options: argparse.Namespace) -> Secret:
    """Raises UsageError for none."""
    from_stdin = options.password_stdin or not (sys.stdin and sys.stdin.isatty())
    asked: Answers = answers(from_stdin=from_stdin)
    value = asked.line(f"{plain(name)}: ")
    if not value:
        raise UsageError(f"Nothing was given for {name}.", "Nothing was changed.")
    return Secret(value)


def _answers_with_secret(verb: str, path: Sequence[str], params: dict[str, str]) -> bool:
    """The secret of an API token, and recovery keys, stand in the answer and nowhere else."""
    match (verb, *path):
        case ("create", "access", "users", _, "token", _):
            return True
        case ("set", "access", "users", _, "token", _):
            return params.get("regenerate", "0") not in {"", "0"}
        case ("create", "access", "tfa", _):
            return params.get("type") == "recovery"
    return False
