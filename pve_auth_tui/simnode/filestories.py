"""Demo stories that are told by PVE's own files: who is locked, disabled, asked for too much.

Each is broken and mended by an edit of one file. Whether it is broken is read from the file, so
whoever repairs it by another way has mended the story, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.domains import parse_domains, write_domains
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.tfaconfig import UserTfa, parse_tfa, write_tfa
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from pve_auth_tui.simnode.disk import Disk

LOCKED_FOR: Final = 3600  # seconds, as PVE locks after 100 wrong answers
DEMAND: Final = "type=yubico,id=12345,key=ZGVtbw=="

_TFA: Final = "etc/pve/priv/tfa.cfg"
_USERS: Final = "etc/pve/user.cfg"
_REALMS: Final = "etc/pve/domains.cfg"
_PAM: Final = "pam"
_TYPO: Final = "totp_locked"

Edit = Callable[[bytes, float], bytes]


@dataclass(frozen=True)
class _FileSwitch:
    """`is_broken`, `break_it` and `mend_it` get the file's bytes and the time."""

    name: str
    text: str
    path: str
    is_broken: Callable[[bytes, float], bool]
    break_it: Edit
    mend_it: Edit


def _is_locked(data: bytes, now: float) -> bool:
    if b'"tfa-locked-until"' not in data:  # Start asks at each picture, of a file of megabytes
        return False
    try:
        root = parse_tfa(data).users.get(ROOT)
    except AuthTuiError:
        return False
    return bool(root and root.locked_until and root.locked_until > now)


def _lock(data: bytes, now: float, *, until: int | None = None) -> bytes:
    config = parse_tfa(data)
    root = config.users.get(ROOT, UserTfa(ROOT))
    root = replace(root, locked_until=until, totp_locked=until is not None)
    return write_tfa(replace(config, users={**config.users, ROOT: root}))


def _is_disabled(data: bytes, now: float) -> bool:
    return b"\nuser:root@pam:0:" in b"\n" + data


def _enable(data: bytes, now: float, *, enable: bool = True) -> bytes:
    config = parse_user_config(data)
    users = {**config.users, ROOT: replace(config.users[ROOT], enable=enable)}
    return write_user_config(replace(config, users=users))


def _is_demanded(data: bytes, now: float) -> bool:
    return "tfa" in parse_domains(data).realms[_PAM].options


def _demand(data: bytes, now: float, *, tfa: str = "") -> bytes:
    found = parse_domains(data)
    realm = found.realms[_PAM]
    options = {name: value for name, value in realm.options.items() if name != "tfa"}
    realm = replace(realm, options={**options, **({"tfa": tfa} if tfa else {})})
    return write_domains(replace(found, realms={**found.realms, _PAM: realm}))


def _is_edited(data: bytes, now: float) -> bool:
    return f'"{_TYPO}"'.encode() in data


def _edit(data: bytes, now: float, *, on: bool = True) -> bytes:
    """What somebody wrote who wanted to unlock root@pam: PVE knows no such member."""
    whole = json.loads(data)
    root = whole["users"].setdefault(ROOT, {})
    root.pop(_TYPO, None)
    if on:
        root[_TYPO] = False
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()


_FILE_SWITCHES: Final = (
    _FileSwitch(
        "root locked",
        "100 wrong answers: root@pam waits an hour",
        _TFA,
        _is_locked,
        lambda data, now: _lock(data, now, until=int(now) + LOCKED_FOR),
        _lock,
    ),
    _FileSwitch(
        "root disabled",
        "somebody has disabled root@pam",
        _USERS,
        _is_disabled,
        lambda data, now: _enable(data, now, enable=False),
        _enable,
    ),
    _FileSwitch(
        "realm TFA",
        "realm pam demands a Yubico OTP, root@pam has none",
        _REALMS,
        _is_demanded,
        lambda data, now: _demand(data, now, tfa=DEMAND),
        _demand,
    ),
    _FileSwitch(
        "tfa broken",
        "edited by hand: PVE reads none of tfa.cfg",
        _TFA,
        _is_edited,
        _edit,
        lambda data, now: _edit(data, now, on=False),
    ),
)


class FileStories:
    """What `stories.DemoStories` has of them. What somebody else wrote meanwhile stays."""

    def __init__(self, disk: Disk, clock: Clock) -> None:
        self._disk = disk
        self._clock = clock
        self._before: dict[str, tuple[bytes, bytes]] = {}

    @property
    def switches(self) -> tuple[tuple[str, str, bool], ...]:
        """Name, text, and whether it is broken now."""
        return tuple((one.name, one.text, self._is_on(one)) for one in _FILE_SWITCHES)

    def turn(self, name: str, *, on: bool) -> None:
        """Break it, or mend it; an unknown name does nothing, nor does what cannot be done now:
        who is in a file that nobody can read?
        """
        for one in _FILE_SWITCHES:
            if one.name == name and self._is_on(one) != on:
                with suppress(AuthTuiError, ValueError):
                    (self._break if on else self._mend)(one)

    def mend(self) -> None:
        """All of them. What makes a file unreadable comes last above, and is mended first."""
        for one in reversed(_FILE_SWITCHES):
            self.turn(one.name, on=False)

    def _is_on(self, switch: _FileSwitch) -> bool:
        return switch.is_broken(self._read(switch), self._clock.now())

    def _break(self, switch: _FileSwitch) -> None:
        data = self._read(switch)
        broken = switch.break_it(data, self._clock.now())
        self._before[switch.name] = data, broken
        self._disk.write(switch.path, broken)

    def _mend(self, switch: _FileSwitch) -> None:
        data = self._read(switch)
        before, broken = self._before.pop(switch.name, (data, b""))
        mended = before if data == broken else switch.mend_it(data, self._clock.now())
        self._disk.write(switch.path, mended)

    def _read(self, switch: _FileSwitch) -> bytes:
        return self._disk.read(switch.path) or b""
