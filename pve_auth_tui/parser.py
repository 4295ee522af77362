"""argparse as we use it: it raises, and says no more than it should."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from pve_auth_tui.core.errors import UsageError


class Wanted(Exception):
    """Help or the version was asked for: `text` goes to stdout and that is all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Parser(argparse.ArgumentParser):
    """argparse that neither prints nor leaves: it raises.

    One that is not `named` is a name only. `quiet`: what to say instead of repeating words that
    nobody expects, for one of them may be a secret.
    """

    quiet = ""

    def __init__(self, *arguments: Any, named: bool = True, **more: Any) -> None:
        if named:
            super().__init__(*arguments, **more)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Whatever is left over is told with the command's own usage."""
        options, left = super().parse_known_args(args, namespace)
        if left and self._subparsers is None:
            if self.quiet:
                left = [word.partition("=")[0] for word in left if word.startswith("-")]
            self.error(f"unrecognized arguments: {' '.join(left)}" if left else self.quiet)
        return options, left

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", usage)

    def print_help(self, file: Any = None) -> None:
        raise Wanted(self.format_help())
