"""Where the command line may show a secret: on a terminal, or where somebody insists (R7, R9)."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Final, TextIO

from pve_auth_tui.asking import Answers
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.node import Ability, Node

_SERIAL: Final = re.compile(r"/dev/(tty[A-Za-z]+|hvc)[0-9]+")
_STAYS: Final = "It stays in this terminal's scrollback: clear it when you are done."
_NOTHING: Final = "Nothing was changed."


def sight(options: argparse.Namespace) -> TextIO:
    """The stream that shows a secret to whoever sits there.

    A terminal; with --show-secrets also what stdout leads to, unless that is to be JSON. Raises
    UsageError where there is neither.
    """
    if not options.json and (_is_terminal(sys.stdout) or options.show_secrets):
        return sys.stdout
    if _is_terminal(sys.stderr):
        return sys.stderr
    raise UsageError(
        "A secret is shown on a terminal only, and this is none.",
        f"--show-secrets shows it all the same, but not in JSON. {_NOTHING}",
    )


def require(node: Node, ability: Ability) -> None:
    """Before a secret is made or shown for a change: Refused where that change is not possible."""
    if why := node.can(ability):
        raise Refused(f"Nothing can be changed now: {why}.", _NOTHING)


def in_json(options: argparse.Namespace) -> bool:
    """Whether the JSON value holds secrets: on a terminal, for somebody who insists."""
    return bool(options.json and options.show_secrets and _is_terminal(sys.stdout))


def require_consent(stream: TextIO, options: argparse.Namespace, answers: Answers) -> None:
    """On a serial line, which others may record, somebody has to say yes. Raises Refused."""
    if options.show_secrets or not _is_serial(stream):
        return
    question = "This is a serial line: what is shown may be recorded at its other end. Show it?"
    if not answers.says_yes(question):
        raise Refused("The secret was not shown.", f"Use another terminal, or --save. {_NOTHING}")


def show(stream: TextIO, lines: list[str]) -> None:
    """Write what nobody writes down but who reads it; no name in it steers the terminal."""
    remark = [_STAYS] if _is_terminal(stream) else []
    stream.write("".join(f"{line}\n" for line in [*lines, *remark]))
    stream.flush()


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _is_serial(stream: TextIO) -> bool:
    try:
        return _SERIAL.fullmatch(os.ttyname(stream.fileno())) is not None
    except OSError:
        return False
