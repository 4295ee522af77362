"""PVE's /etc/pve/priv/tfa.cfg: second factors of every user (reference 7.4).

Sources: proxmox-tfa 6.0.5, pve-rs 0.13.0, PVE::AccessControl::parse_priv_tfa_config.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pve_auth_tui.core import tfausual
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.secret import HIDDEN

TfaType = Literal["totp", "webauthn", "recovery", "yubico", "u2f"]
LISTED: tuple[TfaType, ...] = ("recovery", "totp", "webauthn", "u2f", "yubico")  # PVE's order

FILE = "priv/tfa.cfg"
_PVE_TEXT = "failed to parse TFA file, neither old style nor valid json"
_PANIC_TEXT = "rust function panicked"
# Perl's \s in text, which is more than in bytes.
_USERID = re.compile(
    r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000:/]+"
    r"@[A-Za-z][A-Za-z0-9.\-_]+\n?"
)
_SHORTEST_USERID, _LONGEST_USERID = 3, 64
# serde names the value that it did not expect, and in this file that may be a secret (R9).
_VALUE = re.compile(r'string ".*"(?=, expected)', re.DOTALL)


class TfaUnreadable(Unreadable):
    """PVE cannot read priv/tfa.cfg, so it refuses every password login of everybody.

    `original` is what PVE reports; `json_problem` and `line_problem` are the reasons that it
    hides: why the file is no JSON of its form, and why it is not in the old form either. They
    may repeat a value of the file; the sentence does not.
    All three are empty for a file that only we do not read.
    """

    def __init__(
        self,
        message: str,
        hint: str,
        original: str = "",
        *,
        json_problem: str = "",
        line_problem: str = "",
    ) -> None:
        super().__init__(message, hint, original)
        self.json_problem = json_problem
        self.line_problem = line_problem


def _locked_out(
    reason: str, *, original: str = _PVE_TEXT, json_problem: str = "", line_problem: str = ""
) -> TfaUnreadable:
    reason = _VALUE.sub(f'string "{HIDDEN}"', reason)
    return TfaUnreadable(
        f"Nobody can log in with a password: Proxmox VE cannot read {FILE} ({reason}).",
        f"Put the last good copy of /etc/pve/{FILE} back (config.db backups are in "
        "/var/lib/pve-cluster/backup), or move the file away, which removes everybody's "
        "second factors. Console and SSH logins still work.",
        original,
        json_problem=json_problem,
        line_problem=line_problem,
    )


@dataclass(frozen=True, slots=True)
class TfaEntry:
    """One second factor. `created` is seconds since 1970.

    `id` is a uuid, or `recovery` for the one set of recovery keys. `unused` and `total`
    count recovery keys. `data` is the entry as stored (TOTP secret, public key ...): out of repr.
    """

    id: str
    type: TfaType
    description: str = ""
    created: int = 0
    enable: bool = True
    unused: int | None = None
    total: int | None = None
    data: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UserTfa:
    """Everything tfa.cfg says about one user. `locked_until`: all factors, seconds since 1970."""

    userid: str
    entries: tuple[TfaEntry, ...] = ()
    totp_locked: bool = False
    locked_until: int | None = None


@dataclass(frozen=True, slots=True)
class TfaConfig:
    """`users` by userid. `warnings`: users that PVE drops because of their name."""

    users: Mapping[str, UserTfa]
    warnings: tuple[str, ...] = ()


def parse_tfa(data: bytes, *, now: float | None = None) -> TfaConfig:
    """Reads tfa.cfg in its JSON form or in the old form of lines.

    `now` in seconds since 1970: locks that ended before are dropped, as PVE does; None keeps
    them. `data` of an entry is in the form that PVE would write today. Raises TfaUnreadable
    (and nothing else) for whatever PVE refuses, and for more than 64 levels of JSON.
    """
    records = tfausual.read_users(data)
    if records is None:
        records = _exact(data)
    users = [_user(userid, record, now) for userid, record in records.items()]
    bad = [user.userid for user in users if not _is_userid(user.userid)]
    warnings = tuple(
        f"user tfa config - ignore user '{userid}' - invalid user name" for userid in bad
    )
    return TfaConfig({user.userid: user for user in users if user.userid not in bad}, warnings)


def _is_userid(userid: str) -> bool:
    return (
        _SHORTEST_USERID <= len(userid) <= _LONGEST_USERID and _USERID.fullmatch(userid) is not None
    )


def _exact(data: bytes) -> dict[str, dict[str, Any]]:
    # Here and below: what only an unusual file needs is not imported at every start.
    from pve_auth_tui.core.serdejson import MAX_DEPTH, TooDeep

    try:
        return _json_or_lines(data)
    except TooDeep:
        raise TfaUnreadable(
            f"{FILE} was not read: its JSON has more than {MAX_DEPTH} levels.",
            f"Proxmox VE never writes more than ten. Look at /etc/pve/{FILE} and put the last "
            "good copy back.",
        ) from None


def _json_or_lines(data: bytes) -> dict[str, dict[str, Any]]:
    from pve_auth_tui.core import tfafile, tfalines
    from pve_auth_tui.core.serdejson import SerdeError

    try:
        return tfafile.read_users(data)
    except SerdeError as error:
        json_problem = str(error)
    try:
        return tfalines.read_users(data)
    except tfalines.Panic as error:
        raise _locked_out(str(error), original=_PANIC_TEXT) from None
    except tfalines.BadLines as error:
        line_problem = str(error)
    is_json = data.lstrip().startswith((b"{", b"["))
    raise _locked_out(
        json_problem if is_json else line_problem,
        json_problem=json_problem,
        line_problem=line_problem,
    )


def _user(userid: str, record: Mapping[str, Any], now: float | None) -> UserTfa:
    entries: list[TfaEntry] = []
    recovery = record.get("recovery")
    if recovery is not None:
        entries.append(_recovery(recovery))
    for kind in LISTED[1:]:
        for entry in record.get(kind) or ():
            entries.append(
                TfaEntry(
                    entry["id"],
                    kind,
                    entry.get("description", ""),
                    entry["created"],
                    entry.get("enable", True),
                    data=entry["entry"],
                )
            )
    until = record.get("tfa-locked-until")
    if until is not None and now is not None and until < int(now):
        until = None
    return UserTfa(userid, tuple(entries), record.get("totp-locked", False), until)


def _recovery(recovery: Mapping[str, Any]) -> TfaEntry:
    keys = recovery["entries"]
    return TfaEntry(
        "recovery",
        "recovery",
        created=recovery["created"],
        unused=sum(key is not None for key in keys),
        total=len(keys),
        data={"secret": recovery["secret"], "entries": keys},
    )


def write_tfa(config: TfaConfig) -> bytes:
    """The file as PVE's core writes it: one line of JSON, users in the mapping's order."""
    users = {userid: _record(user) for userid, user in config.users.items()}
    content = {"users": users} if users else {}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _record(user: UserTfa) -> dict[str, Any]:
    record: dict[str, Any] = {}
    from pve_auth_tui.core.tfafile import KINDS

    for kind in KINDS:
        entries = [entry for entry in user.entries if entry.type == kind]
        if kind == "recovery":
            record.update((kind, {**e.data, "created": e.created}) for e in entries[:1])
        elif entries:
            record[kind] = [_written(entry) for entry in entries]
    if user.totp_locked:
        record["totp-locked"] = True
    if user.locked_until is not None:
        record["tfa-locked-until"] = user.locked_until
    return record


def _written(entry: TfaEntry) -> dict[str, Any]:
    info: dict[str, Any] = {"id": entry.id}
    if entry.description:
        info["description"] = entry.description
    info["created"] = entry.created
    if not entry.enable:
        info["enable"] = False
    return {**info, "entry": entry.data}
