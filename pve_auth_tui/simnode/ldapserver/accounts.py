"""Who may bind: an AD domain controller's answers with its codes, and a plain server's.

Sources: MS-ADTS (bind errors, lockout), recorded answers of Samba 4.22; no Windows server was
asked. Names of an AD server: the DN, user@domain, DOMAIN\\user.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree, fold
from pve_auth_tui.simnode.ldapserver.messages import INVALID_CREDENTIALS, UNWILLING, Refusal
from pve_auth_tui.simnode.ldapserver.names import BadName, compared

PASSWORD: Final = "userpassword"  # noqa: S105 (an attribute's name)
DISABLED: Final = 0x2
_NEVER: Final = {0, 0x7FFFFFFFFFFFFFFF}
_EPOCH: Final = 11_644_473_600  # seconds from 1601 to 1970
_TEXT: Final = (
    "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {}, v4563"
)
_UNKNOWN, _WRONG, _NOT_NOW, _EXPIRED_PASSWORD = "525", "52e", "530", "532"
_DISABLED, _EXPIRED, _MUST_CHANGE, _LOCKED = "533", "701", "773", "775"


def filetime(seconds: float) -> int:
    """Of seconds since 1970: tenths of a microsecond since 1601."""
    return int((seconds + _EPOCH) * 10_000_000)


@dataclass(frozen=True)
class Policy:
    """A domain's: `threshold` wrong passwords lock an account for `minutes`; 0 never does."""

    threshold: int = 0
    minutes: int = 30


class Accounts:
    """Binds against the entries. `domain` and `short` (NetBIOS) are an AD's; "" for none."""

    def __init__(
        self,
        tree: Tree,
        now: Callable[[], float],
        *,
        domain: str = "",
        short: str = "",
        policy: Policy | None = None,
    ) -> None:
        self._tree = tree
        self._now = now
        self._domain, self._short = domain.lower(), short.lower()
        self._policy = policy or Policy()
        self._turn = threading.Lock()
        self._by_login: dict[str, Entry] | None = None

    def bind(self, name: str, password: bytes) -> Entry | None:
        """Who that is; None for nobody. Raises Refusal."""
        if not name:
            return None
        if not password:
            raise Refusal(UNWILLING, "unauthenticated bind (DN with no password) disallowed")
        with self._turn:
            entry = self._found(name)
            if not self._domain:
                if entry is None or password not in entry.values(PASSWORD):
                    raise Refusal(INVALID_CREDENTIALS)
                return entry
            if entry is None:
                raise _refused(_UNKNOWN)
            self._check(entry, password)
            return entry

    def renew(self) -> None:
        """Somebody was added or removed."""
        with self._turn:
            self._by_login = None

    def _found(self, name: str) -> Entry | None:
        try:
            return self._tree.get(compared(name))
        except BadName:
            pass
        if not self._domain:
            return None
        wanted = name.lower()
        known = self._logins()
        if "\\" in wanted:
            short, _, login = wanted.partition("\\")
            return known.get(login) if short in (self._short, self._domain) else None
        login, sign, domain = wanted.rpartition("@")
        if sign and domain == self._domain and login in known:
            return known[login]
        return known.get(wanted) if sign else None

    def _logins(self) -> dict[str, Entry]:
        if self._by_login is None:
            self._by_login = {}
            for entry in self._tree:
                for kind in ("samaccountname", "userprincipalname"):
                    for value in entry.folded(kind):
                        self._by_login.setdefault(value, entry)
        return self._by_login

    def _check(self, entry: Entry, password: bytes) -> None:
        """Locked before wrong before all the rest, as a domain controller looks."""
        now = self._now()
        if self._is_locked(entry, now):
            raise _refused(_LOCKED)
        if password not in entry.values(PASSWORD):
            self._count(entry, now)
            raise _refused(_WRONG)
        if _number(entry, "useraccountcontrol") & DISABLED:
            raise _refused(_DISABLED)
        ends = _number(entry, "accountexpires")
        if ends not in _NEVER and ends <= filetime(now):
            raise _refused(_EXPIRED)
        if entry.values("pwdlastset") and _number(entry, "pwdlastset") == 0:
            raise _refused(_MUST_CHANGE)
        ends = _number(entry, "msds-userpasswordexpirytimecomputed")
        if ends not in _NEVER and ends <= filetime(now):
            raise _refused(_EXPIRED_PASSWORD)
        if _number(entry, "badpwdcount"):
            entry.put("badPwdCount", ["0"])

    def _is_locked(self, entry: Entry, now: float) -> bool:
        since = _number(entry, "lockouttime")
        return bool(since) and filetime(now - 60 * self._policy.minutes) < since

    def _count(self, entry: Entry, now: float) -> None:
        window = filetime(now - 60 * self._policy.minutes)
        old = _number(entry, "badpwdcount") if _number(entry, "badpasswordtime") > window else 0
        entry.put("badPwdCount", [str(old + 1)])
        entry.put("badPasswordTime", [str(filetime(now))])
        if 0 < self._policy.threshold <= old + 1:
            entry.put("lockoutTime", [str(filetime(now))])


def _refused(code: str) -> Refusal:
    return Refusal(INVALID_CREDENTIALS, _TEXT.format(code))


def _number(entry: Entry, name: str) -> int:
    values = entry.values(name)
    try:
        return int(fold(values[0])) if values else 0
    except ValueError:
        return 0
