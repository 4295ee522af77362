"""Who runs this: what the kernel and logind say, apart from what the environment claims (R17b).

The login uid and the audit session are set once, at login, and stay through sudo, su and tmux;
SUDO_USER and SSH_CONNECTION are mere variables. Names are looked up in /etc/passwd alone: a
directory that does not answer must hold nothing up.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pve_auth_tui.core.journal import Who
from pve_auth_tui.core.plain import plain

CLAIMS: Final = ("SUDO_USER", "SUDO_UID", "SSH_CONNECTION", "SSH_CLIENT")
_UNSET: Final = 0xFFFFFFFF  # of a login uid and of a session id (audit, AUDIT_UID_UNSET)
_MOST: Final = 64 * 1024  # bytes of any of these files
_MOST_PASSWD: Final = 1024 * 1024
_MOST_VALUE: Final = 100
_SESSION: Final = re.compile(r"session-([A-Za-z0-9]{1,32})\.scope")
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Session(NamedTuple):
    """What logind knows of a login."""

    name: str
    uid: int | None = None
    user: str = ""
    tty: str = ""
    host: str = ""
    service: str = ""


def who(environment: Mapping[str, str], root: Path = Path("/")) -> Who:
    """Who runs this process; `environment` is as it was at the start of the program.

    `root` is where proc, run and etc lie. What cannot be read is left out.
    """
    login = _number(_text(root / "proc/self/loginuid", _MOST))
    session = _session(root)
    name = _name(login, session, root)
    claims = {key: environment[key][:_MOST_VALUE] for key in CLAIMS if environment.get(key)}
    if "SSH_CONNECTION" in claims:
        claims.pop("SSH_CLIENT", None)  # it says less of the same
    return Who(
        kernel=plain(_kernel(login, name, session, root)),
        claimed=plain(", ".join(f"{key} {value}" for key, value in claims.items())),
        differs=_differs(claims, login, name),
    )


def _kernel(login: int | None, name: str, session: _Session, root: Path) -> str:
    if login is None:
        said = ["no login on record"]  # a timer, a service, a kernel without audit
    else:
        said = [f"{name} (uid {login})" if name else f"uid {login}"]
    if session.name:
        said.append(f"session {session.name}")
    terminal = _terminal(_text(root / "proc/self/stat", _MOST))
    if terminal:
        said.append(f"on {terminal}")
    if session.tty and session.tty != terminal:
        said.append(f"login on {session.tty}")
    if session.host:
        said.append(f"from {session.host}")
    if session.service:
        said.append(f"by {session.service}")
    said.append(f"as uid {os.getuid()}")
    return ", ".join(said)


def _differs(claims: Mapping[str, str], login: int | None, name: str) -> bool:
    """Whether sudo's variables name somebody else than who logged in."""
    if login is None:
        return False
    uid, user = claims.get("SUDO_UID"), claims.get("SUDO_USER")
    return (uid is not None and uid != str(login)) or bool(user and name and user != name)


def _session(root: Path) -> _Session:
    """The login that we belong to: by the audit session, else (containers) by the control group."""
    number = _number(_text(root / "proc/self/sessionid", _MOST))
    found = _SESSION.search(_text(root / "proc/self/cgroup", _MOST))
    names = [str(number)] if number is not None else []
    for name in (*names, *([found[1]] if found else [])):
        text = _text(root / "run/systemd/sessions" / name, _MOST)
        values = dict(line.partition("=")[::2] for line in text.split("\n") if "=" in line)
        if values and (name not in names or values.get("AUDIT", name) == name):
            return _Session(
                name,
                _number(values.get("UID", "")),
                values.get("USER", "")[:_MOST_VALUE],
                values.get("TTY", "")[:_MOST_VALUE],
                values.get("REMOTE_HOST", "")[:_MOST_VALUE],
                values.get("SERVICE", "")[:_MOST_VALUE],
            )
    return _Session(names[0] if names else "")


def _name(login: int | None, session: _Session, root: Path) -> str:
    if login is None:
        return ""
    if session.uid == login and session.user:
        return session.user
    for line in _text(root / "etc/passwd", _MOST_PASSWD).split("\n"):
        parts = line.split(":")
        if len(parts) == 7 and parts[2] == str(login):
            return parts[0][:_MOST_VALUE]
    return ""


def _terminal(state: str) -> str:
    """The controlling terminal, by the device number in /proc/PID/stat (proc(5), tty_nr)."""
    fields = state.rpartition(")")[2].split()
    number = _number(fields[4]) if len(fields) > 4 else None
    if not number:
        return ""
    major, minor = os.major(number), os.minor(number)
    if 136 <= major <= 143:  # devices.txt of the kernel: Unix98 PTY slaves
        return f"pts/{minor + 256 * (major - 136)}"
    if major == 4:
        return f"tty{minor}" if minor < 64 else f"ttyS{minor - 64}"
    return f"terminal {major}:{minor}"


def _number(text: str) -> int | None:
    """A number that was set; None otherwise."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return None if int(text) == _UNSET else int(text)


def _text(path: Path, most: int) -> str:
    """A file's text, "" when it is no file or cannot be read; no more than `most` bytes of it."""
    try:
        handle = os.open(path, _READ)
    except OSError:
        return ""
    try:
        regular = stat.S_ISREG(os.fstat(handle).st_mode)
        return os.read(handle, most).decode("utf-8", "replace") if regular else ""
    except OSError:
        return ""
    finally:
        os.close(handle)
