"""What a login at another host needs: asked on the terminal, or from stdin.

What nobody may see is not echoed, and nothing is kept. With `--password-stdin` the first line
is the password and the second, if there is one, the code or recovery key.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from getpass import GetPassWarning, getpass
from typing import Final, TextIO
from warnings import catch_warnings, simplefilter

from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.modhex import is_code
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.secret import Secret

_LONGEST: Final = 4096  # characters of a line
_CODE: Final = re.compile(r"[0-9]{6,8}")
_OFFERED: Final = {
    "totp": "the code of your authenticator app",
    "recovery": "a recovery key",
    "yubico": "a touch of your YubiKey",
}


Key = Callable[[Challenge], Secret | None]
"""What answers with a security key; None where somebody gave up."""


class Answers:
    """Answers a login's questions, each once. `stdin` is read instead of asking if given.

    `key` answers with a security key, where there may be one; `key_alone`: nothing else is asked
    for where PVE takes a key.
    """

    def __init__(
        self, stdin: TextIO | None = None, key: Key | None = None, *, key_alone: bool = False
    ) -> None:
        self._stdin = stdin
        self._key = key
        self._key_alone = key_alone

    def password(self, user: str, host: str) -> Secret:
        """The password; raises UsageError for none."""
        typed = self._line(f"Password of {plain(user)} on {plain(host)}: ")
        if not typed:
            raise UsageError("Without a password there is no login.", "Nothing was sent.")
        return Secret(typed)

    def second_factor(self, challenge: Challenge) -> Secret | None:
        """`totp:123456`, `recovery:...`, `yubico:...` or a key's `webauthn:{...}`; None when
        nothing is typed.

        Raises AuthTuiError when none of the factors can be given here, and what the key raises.
        """
        offered = [text for kind, text in _OFFERED.items() if kind in challenge.kinds]
        key = self._key if challenge.webauthn is not None else None
        if key is not None and (self._key_alone or not offered):
            return key(challenge)
        if not offered:
            raise AuthTuiError(
                "This login needs a security key, and there is none to ask here.",
                "Plug it into this machine, or log in as somebody with a code or a recovery key.",
            )
        or_key = ", or nothing for the security key" if key else ""
        typed = "".join(self._line(f"Second factor: {' or '.join(offered)}{or_key}: ").split())
        if not typed and key is not None:
            return key(challenge)
        return Secret(f"{_kind_of(typed)}:{typed}") if typed else None

    def line(self, question: str, *, echo: bool = False) -> str:
        """What is typed, without the line's end. Raises UsageError where nobody can be asked."""
        if self._stdin is not None or not echo:
            return self._line(question)
        if not (sys.stdin and sys.stdin.isatty()):
            raise UsageError("There is no terminal to ask on.", "Run it on one.")
        sys.stderr.write(question)
        sys.stderr.flush()
        return _line_of(sys.stdin).rstrip("\r\n")

    def says_yes(self, question: str) -> bool:
        """Whether somebody at a terminal types `yes`; nobody is asked where there is none."""
        if self._stdin is not None or not (sys.stdin and sys.stdin.isatty()):
            return False
        sys.stderr.write(f"{question} Type yes: ")
        sys.stderr.flush()
        return _line_of(sys.stdin).strip().lower() == "yes"

    def _line(self, question: str) -> str:
        if self._stdin is not None:
            return _line_of(self._stdin).rstrip("\r\n")
        return _asked(question)


def _line_of(stream: TextIO) -> str:
    """Raises UsageError for what is no text, or too long to be whole."""
    try:
        line = stream.readline(_LONGEST)
    except UnicodeDecodeError:
        raise _no_text() from None
    if len(line) == _LONGEST and not line.endswith("\n"):
        raise UsageError("That is too long for a password.", "Nothing was sent.")
    return line


def _no_text() -> UsageError:
    return UsageError("What was typed is not UTF-8.", "Nothing was sent.")


def _kind_of(typed: str) -> str:
    if _CODE.fullmatch(typed):
        return "totp"
    return "yubico" if is_code(typed) else "recovery"


def _asked(question: str, ask: Callable[[str], str] = getpass) -> str:
    """On the terminal without echo; raises UsageError where that cannot be had."""
    with catch_warnings():
        simplefilter("error", GetPassWarning)
        try:
            return ask(question)
        except UnicodeDecodeError:
            raise _no_text() from None
        except (GetPassWarning, EOFError, OSError):
            raise UsageError(
                "There is no terminal to ask for the password on.",
                "Give it on standard input: --password-stdin < FILE",
            ) from None


def answers(*, from_stdin: bool, key: Key | None = None, key_alone: bool = False) -> Answers:
    """Those of this process; `key` and `key_alone` as Answers has them."""
    return Answers(sys.stdin if from_stdin else None, key, key_alone=key_alone)
