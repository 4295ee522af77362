"""What is asked on a terminal before a realm's servers get a password: a typed yes (R20)."""

from __future__ import annotations

import argparse

from pve_auth_tui.asking import Answers
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.directory.unsafe import unsafe_sentences
from pve_auth_tui.core.plain import plain


def agreed(
    settings: DirectorySettings, whose: str, options: argparse.Namespace, asked: Answers
) -> bool:
    """Was it agreed to for this run, by `--unprotected` or at the terminal? `whose`: the password
    that would be sent, "" where none is: then, and where nobody else could read it, nobody is
    asked.
    """
    if settings.safe or not whose:
        return False
    if options.unprotected:
        return True
    return asked.says_yes(plain(" ".join(unsafe_sentences(settings, whose))))
