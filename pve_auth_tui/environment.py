"""The process's surroundings: nothing that a caller left in the environment steers us (R1).

The command line enters `scrubbed()` before anything that reads the environment (textual,
ssl, locale of children) is imported. What only the terminal profile (is this SSH, tmux, ...)
and the journal (who claims to have called sudo) need to know is taken down first, as plain values.
"""

from __future__ import annotations

import os
import pwd
import re
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SAFE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
ROOTS_FOLDER = Path("/var/lib/pve-auth-tui")
OWN = "PVE_AUTH_TUI_"
MARK = "_PVE_AUTH_TUI_FRESH"

_NAMES = re.compile(rf"TERM|LANG|LC_[A-Z]+|COLUMNS|LINES|NO_COLOR|XDG_STATE_HOME|{OWN}[A-Z_]+")
_VALUES = {
    "COLUMNS": re.compile(r"[0-9]{1,4}"),
    "LINES": re.compile(r"[0-9]{1,4}"),
    "TERM": re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}"),
    "XDG_STATE_HOME": re.compile(r"/.*"),  # only own_folder() looks at it, and never as root
}
_LOCALE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_ABOUT_THE_TERMINAL = (
    "COLORTERM",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "TERM_PROGRAM",
    "TMUX",
)
_ABOUT_THE_CALLER = ("SUDO_UID", "SUDO_USER")
_READ_AT_START = (
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "LD_",
    "LOCPATH",
    "OPENSSL_",
    "PYTHON",
)
_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4  # linux/prctl.h
_HARMLESS_AT_START = frozenset(
    {
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "PYTHONNOUSERSITE",
        "PYTHONSAFEPATH",
        "PYTHONUNBUFFERED",
    }
)


def clean(env: Mapping[str, str], home: str) -> dict[str, str]:
    """The allow-list applied: what may stay of `env`, with a fixed PATH and HOME."""
    kept = {name: value for name, value in env.items() if _may_stay(name, value)}
    return kept | {"PATH": SAFE_PATH, "HOME": home}


def child_environment() -> dict[str, str]:
    """The whole environment for any program that we start."""
    return {"PATH": SAFE_PATH, "HOME": home_folder(), "LC_ALL": "C"}


def home_folder() -> str:
    """The home of the effective user by the password database; `/` if it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir or "/"
    except KeyError:
        return "/"


def own_folder() -> Path:
    """Where we keep what must outlast a run: root's in /var/lib, else the user's state folder."""
    if os.geteuid() == 0:
        return ROOTS_FOLDER
    state = Path(home_folder()) / ".local/state"
    return Path(os.environ.get("XDG_STATE_HOME", state)) / "pve-auth-tui"


def without_start_up_traps(
    env: Mapping[str, str], needed: Mapping[str, str]
) -> dict[str, str] | None:
    """`env` without what the loader, libc, OpenSSL and Python act on before our first line.

    None when it holds none of that. `needed` maps a search path (PYTHONPATH) to the folder
    that this very process was loaded from: if the path names it, that folder alone stays,
    for without it there would be nothing to start again.
    """
    kept = {name: value for name, value in env.items() if not _acts_at_start(name, value)}
    for name, folder in needed.items():
        named = env.get(name, "").split(os.pathsep)
        if folder in (os.path.realpath(one) for one in named if one):
            kept[name] = folder
    return None if kept == dict(env) else kept


def start_afresh() -> None:
    """Run this very command line again without start-up traps, if there are any.

    The mark holds our process id, which exec keeps: it happens once, whatever the
    environment looks like afterwards.
    """
    if os.environ.get(MARK) == str(os.getpid()) or not sys.executable:
        return
    needed = {"PYTHONPATH": os.path.realpath(Path(__file__).parent.parent)}
    if "LD_LIBRARY_PATH" in os.environ:
        needed |= {"LD_LIBRARY_PATH": _folder_of_libpython()}
    kept = without_start_up_traps(os.environ, needed)
    if kept is None:
        return
    arguments = [sys.executable, *sys.orig_argv[1:]]
    try:
        os.execve(sys.executable, arguments, kept | {MARK: str(os.getpid())})  # noqa: S606
    except OSError:
        return  # the traps have acted already; the scrubbing that follows does the rest


@contextmanager
def scrubbed() -> Iterator[Mapping[str, str]]:
    """Within: a clean os.environ, umask 077, no core dumps, no debugger of the same user's.

    Afterwards: as it was.

    Gives the clean variables, those that tell about the terminal (SSH, tmux, colours), for
    `terminal.profile.detect`, and those that claim who the caller is, for `adapters.who`.
    """
    before = dict(os.environ)
    kept = clean(before, home_folder())
    noted = (*_ABOUT_THE_TERMINAL, *_ABOUT_THE_CALLER)
    about = {name: before[name] for name in noted if name in before}
    mask = os.umask(0o077)
    core, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    dumpable = _set_dumpable(0)
    _replace(kept)
    try:
        yield kept | about
    finally:
        _replace(before)
        _set_dumpable(dumpable)
        resource.setrlimit(resource.RLIMIT_CORE, (core, most))
        os.umask(mask)


def _may_stay(name: str, value: str) -> bool:
    if not _NAMES.fullmatch(name):
        return False
    shape = _LOCALE if _is_locale(name) else _VALUES.get(name)
    return shape is None or shape.fullmatch(value) is not None


def _is_locale(name: str) -> bool:
    return name == "LANG" or name.startswith("LC_")


def _folder_of_libpython() -> str:
    """Where the interpreter's own shared library was loaded from; empty if it has none."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            folder, _, file = line.rstrip("\n").partition("/")[2].rpartition("/")
            if file.startswith("libpython"):
                return f"/{folder}"
    return ""


def _acts_at_start(name: str, value: str) -> bool:
    if name in _HARMLESS_AT_START:
        return False
    if _is_locale(name):
        return value != "" and _LOCALE.fullmatch(value) is None
    if name.startswith("PYTHON") and sys.flags.ignore_environment:
        return False
    return name.startswith(_READ_AT_START)


def _set_dumpable(value: int) -> int:
    """What it was before. With 0 only root may read our memory, /proc/PID/environ and the like.

    Children are not concerned, since exec sets it anew, and we ourselves may still read
    /proc/self. Without ctypes (a stripped Python) there is none of that, and no reason to stop.
    """
    try:
        from ctypes import CDLL, c_ulong
    except ImportError:
        return value
    prctl = CDLL(None).prctl
    before = prctl(_PR_GET_DUMPABLE)
    prctl(_PR_SET_DUMPABLE, c_ulong(value))
    return int(before)


def _replace(env: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    time.tzset()  # TZ was read when the interpreter started
