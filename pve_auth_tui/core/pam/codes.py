"""libpam's results and actions by number and by name (pam_tokens.h, pam_private.h)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

Actions: TypeAlias = tuple[int, ...]
"""For each result what it leads to: a jump's length, or one of the actions below."""

IGNORE: Final = 0
OK: Final = -1
DONE: Final = -2
BAD: Final = -3
DIE: Final = -4
RESET: Final = -5

ACTION_WORDS: Final = {0: "ignore", -1: "ok", -2: "done", -3: "bad", -4: "die", -5: "reset"}

WORDS: Final = (
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
    "default",
)
DEFAULT: Final = 32
"""How many results there are; as a word it stands for all that are not named."""

_BY_NAME: Final = {name: at for at, name in enumerate(WORDS)}


def number_of(word: str) -> int:
    """The number of a result that WORDS names."""
    return _BY_NAME[word]


SUCCESS: Final = 0
PERM_DENIED: Final = 6
AUTH_ERR: Final = 7
AUTHINFO_UNAVAIL: Final = 9
USER_UNKNOWN: Final = 10
NEW_AUTHTOK_REQD: Final = 12
ACCT_EXPIRED: Final = 13
SESSION_ERR: Final = 14
AUTHTOK_ERR: Final = 20
RESULT_IGNORE: Final = 25
ABORT: Final = 26
MODULE_UNKNOWN: Final = 28
INCOMPLETE: Final = 31


def _actions(default: int, **named: int) -> Actions:
    return tuple(named.get(name, default) for name in WORDS[:DEFAULT])


CONTROLS: Final[Mapping[str, Actions]] = {
    "required": _actions(BAD, success=OK, new_authtok_reqd=OK, ignore=IGNORE),
    "requisite": _actions(DIE, success=OK, new_authtok_reqd=OK, ignore=IGNORE),
    "optional": _actions(IGNORE, success=OK, new_authtok_reqd=OK),
    "sufficient": _actions(IGNORE, success=DONE, new_authtok_reqd=DONE),
}
ALL_BAD: Final[Actions] = (BAD,) * DEFAULT
