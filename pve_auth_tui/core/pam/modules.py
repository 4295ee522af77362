"""What modules answer to a login, as their manual pages and sources say.

Where an answer depends on what is not looked at (another machine, a second factor, a script), all
that it can be is answered, and that it is not sure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from pve_auth_tui.core.pam.codes import (
    ACCT_EXPIRED,
    AUTH_ERR,
    AUTHINFO_UNAVAIL,
    MODULE_UNKNOWN,
    PERM_DENIED,
    RESULT_IGNORE,
    SESSION_ERR,
    SUCCESS,
    USER_UNKNOWN,
    WORDS,
)
from pve_auth_tui.core.pam.model import Phase
from pve_auth_tui.core.pam.stacks import Handler


class Scene(Enum):
    """Who comes, and how the node stands."""

    ROOT = "root, the right password, the directory answers"
    ROOT_ALONE = "root, the right password, no directory answers"
    WRONG = "anybody, a wrong password"
    EXPIRED = "a user of this node whose account has expired"
    MEMBER = "a user of the directory, the right password"
    BARRED = "a user of the directory whom its policy keeps out"


ROOT_SCENES: Final = (Scene.ROOT, Scene.ROOT_ALONE)
DIRECTORY: Final = ("pam_sss", "pam_winbind", "pam_krb5", "pam_ldap")
"""Modules that ask a directory."""


class Facts(NamedTuple):
    """What else was looked at. `missing`: modules that are not where libpam looks for them;
    `open_access` and `open_time`: pam_access and pam_time have no rules of their own;
    `nologin`: a file keeps everybody but root out.
    """

    missing: frozenset[str] = frozenset()
    open_access: bool = False
    open_time: bool = False
    nologin: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """Results, the likeliest first. `sure`: nothing else decides between them."""

    codes: tuple[int, ...]
    sure: bool = True


def answers(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    """What a line's module says in a scene."""
    if handler.module in facts.missing:
        return Answers((MODULE_UNKNOWN,))
    name = handler.name
    if name in _ALWAYS_IGNORED.get(phase, ()):
        return Answers((RESULT_IGNORE,))
    if name in _WELL_BEHAVED and phase is Phase.SESSION:
        return Answers((SUCCESS,))
    known = _KNOWN.get(name)
    if known is not None:
        return known(handler, phase, scene, facts)
    if name in DIRECTORY:
        return _directory(handler, phase, scene)
    return _either(phase)


_IGNORED: Final = ("pam_warn", "pam_echo", "pam_faildelay")
_ALWAYS_IGNORED: Final = {
    Phase.AUTH: (*_IGNORED, "pam_env", "pam_group", "pam_cap", "pam_umask"),
    Phase.ACCOUNT: _IGNORED,
    Phase.SESSION: ("pam_warn", "pam_echo"),
}
_WELL_BEHAVED: Final = tuple(
    f"pam_{name}"
    for name in (
        *("unix", "systemd", "systemd_home", "mkhomedir", "env", "limits", "loginuid", "motd"),
        *("mail", "keyinit", "lastlog", "lastlog2", "umask", "xauth", "cap", "issue", "tty_audit"),
        *("permit", "oddjob_mkhomedir", "selinux", "cgfs", "lxcfs", "namespace", "ck_connector"),
    )
)


def _either(phase: Phase) -> Answers:
    no = SESSION_ERR if phase is Phase.SESSION else AUTH_ERR
    return Answers((SUCCESS, no, RESULT_IGNORE), sure=False)


def _depends() -> Answers:
    return Answers((SUCCESS, AUTH_ERR, PERM_DENIED), sure=False)


def _permit(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    return Answers((SUCCESS,))


def _deny(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    return Answers((SESSION_ERR if phase is Phase.SESSION else AUTH_ERR,))


def _debug(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    """It answers what its arguments say."""
    event = {Phase.AUTH: "auth=", Phase.ACCOUNT: "acct=", Phase.SESSION: "open_session="}.get(phase)
    said = next((one for one in handler.arguments if event and one.startswith(event)), "")
    word = said.partition("=")[2]
    return Answers((WORDS[:-1].index(word) if word in WORDS[:-1] else SUCCESS,))


def _unix(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    if phase is Phase.AUTH:
        if scene in (*ROOT_SCENES, Scene.EXPIRED):
            return Answers((SUCCESS,))
        return Answers((AUTH_ERR, USER_UNKNOWN, AUTHINFO_UNAVAIL))
    if scene is Scene.EXPIRED:
        return Answers((ACCT_EXPIRED,))
    return Answers((SUCCESS,))


def _directory(handler: Handler, phase: Phase, scene: Scene) -> Answers:
    """pam_sss(8): two of its answers can be turned into `ignore`."""
    if phase is Phase.SESSION:
        return Answers((SUCCESS, SESSION_ERR))
    if scene is Scene.MEMBER:
        return Answers((SUCCESS,))
    if scene is Scene.BARRED:
        return Answers((SUCCESS if phase is Phase.AUTH else PERM_DENIED,))
    codes = [USER_UNKNOWN]
    if scene is Scene.ROOT_ALONE:
        codes = [AUTHINFO_UNAVAIL, USER_UNKNOWN]
    elif scene is Scene.WRONG:
        codes = [AUTH_ERR, USER_UNKNOWN, AUTHINFO_UNAVAIL]
    ignored = set()
    if "ignore_unknown_user" in handler.arguments:
        ignored.add(USER_UNKNOWN)
    if "ignore_authinfo_unavail" in handler.arguments:
        ignored.add(AUTHINFO_UNAVAIL)
    mapped = [RESULT_IGNORE if code in ignored else code for code in codes]
    return Answers(tuple(dict.fromkeys(mapped)))


def _rootok(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    """It asks who runs the program: pvedaemon, login and sshd all run as root."""
    return Answers((SUCCESS,))


def _localuser(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    if scene in (*ROOT_SCENES, Scene.EXPIRED):
        return Answers((SUCCESS,))
    return Answers((PERM_DENIED,) if scene is not Scene.WRONG else (SUCCESS, PERM_DENIED))


def _nologin(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    usual = SUCCESS if "successok" in handler.arguments else RESULT_IGNORE
    if facts.nologin and scene not in ROOT_SCENES:
        return Answers((AUTH_ERR,))
    return Answers((usual,))


def _faillock(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    """It never locks root unless `even_deny_root` says so, here or in faillock.conf."""
    usual = RESULT_IGNORE if "authfail" in handler.arguments else SUCCESS
    if scene is Scene.WRONG or "even_deny_root" in handler.arguments:
        return Answers((usual, AUTH_ERR), sure=usual != SUCCESS or scene is Scene.WRONG)
    return Answers((usual,))


def _access(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    return Answers((SUCCESS,)) if facts.open_access and not handler.arguments else _depends()


def _time(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    return Answers((SUCCESS,)) if facts.open_time and not handler.arguments else _depends()


_OF_UID: Final[dict[str, Callable[[int], bool]]] = {
    ">=": lambda given: given <= 0,
    ">": lambda given: given < 0,
    "<": lambda given: given > 0,
    "<=": lambda given: given >= 0,
    "eq": lambda given: given == 0,
    "ne": lambda given: given != 0,
}


def _succeed_if(handler: Handler, phase: Phase, scene: Scene, facts: Facts) -> Answers:
    """For root a rule of its UID or its name is plain; what else it asks is not looked at."""
    flags = {"debug", "use_uid", "quiet", "quiet_fail", "quiet_success", "audit"}
    words = [word for word in handler.arguments if word not in flags]
    if scene not in ROOT_SCENES or len(words) != 3 or "use_uid" in handler.arguments:
        return _either(phase) if scene in ROOT_SCENES else Answers((SUCCESS, AUTH_ERR), sure=True)
    what, operator, value = words
    if what == "uid":
        operator = {"=": "eq", "==": "eq", "!=": "ne"}.get(operator, operator)
        if operator in _OF_UID and value.isdigit():
            return Answers((SUCCESS if _OF_UID[operator](int(value)) else AUTH_ERR,))
    if what == "user" and operator in ("=", "!="):
        return Answers((SUCCESS if (value == "root") == (operator == "=") else AUTH_ERR,))
    return _either(phase)


_KNOWN: Final[dict[str, Callable[[Handler, Phase, Scene, Facts], Answers]]] = {
    "pam_permit": _permit,
    "pam_deny": _deny,
    "pam_debug": _debug,
    "pam_unix": _unix,
    "pam_rootok": _rootok,
    "pam_localuser": _localuser,
    "pam_nologin": _nologin,
    "pam_faillock": _faillock,
    "pam_access": _access,
    "pam_time": _time,
    "pam_succeed_if": _succeed_if,
}
PROVES_NOTHING: Final = frozenset(
    f"pam_{name}"
    for name in (
        *("permit", "rootok", "localuser", "nologin", "faillock", "succeed_if", "access", "time"),
        *("debug", "listfile", "wheel", "shells", "usertype", "securetty", "systemd"),
    )
)
"""Modules whose yes says nothing of a password or of another factor."""
