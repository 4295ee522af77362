"""argparse as we use it: it raises, and says no more than it should."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import pairwise, takewhile
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
    nobody expects, for one of them may be a secret. So may be what stands behind an option that
    there is not, such as --password: of these the name alone is told.
    """

    quiet = ""
    _given: Sequence[str] = ()

    def __init__(self, *arguments: Any, named: bool = True, **more: Any) -> None:
        if named:
            super().__init__(*arguments, **more)

    def parse_args(  # type: ignore[override]  # (namespaces of other kinds are not ours)
        self, args: Any = None, namespace: Any = None
    ) -> argparse.Namespace:
        options: argparse.Namespace
        options, left = self.parse_known_args(args, namespace)
        if left:
            self._refuse(left)
        return options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Whatever is left over is told with the command's own usage."""
        self._given = tuple(args or ())
        if self._subparsers is None:
            self._refuse_unknown()
        options, left = super().parse_known_args(args, namespace)
        if left and self._subparsers is None:
            self._refuse(left)
        return options, left

    def _refuse_unknown(self) -> None:
        """`--password=two words`, which argparse takes for no option, as it has a blank."""
        for word in takewhile(lambda word: word != "--", self._given):
            name, equals, value = word.partition("=")
            known = name in self._option_string_actions
            if equals and " " in value and name.startswith("--") and not known:
                self._refuse([name])

    def _refuse(self, left: Sequence[str]) -> NoReturn:
        names = [word.partition("=")[0] for word in left if word.startswith("-")]
        if not names and self.quiet:
            self.error(self.quiet)
        self.error(f"unrecognized arguments: {' '.join(names[:1] or left)}")

    def error(self, message: str) -> NoReturn:
        for before, word in pairwise(("", *self._given)):
            option = word.partition("=")[0] if word.startswith("-") else before
            unknown = option.startswith("-") and option not in self._option_string_actions
            if unknown and repr(word) in message:  # it was taken for a command or a verb
                message = f"unrecognized arguments: {option}"
        option, given, _ = message.partition(": ignored explicit argument ")
        if given:
            message = f"{option} takes no value"
        usage = " ".join(self.format_usage().split())
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", usage)

    def print_help(self, file: Any = None) -> None:
        raise Wanted(self.format_help())
