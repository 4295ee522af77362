"""Datacenter, Permissions, Two Factor: one row per factor, and one per user who has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import argument, look
from pve_auth_tui.core.logins import RECOVERY_LOW
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.words import date, yes_no

_COLUMNS = (
    Column("User", 20, grow=True),
    Column("Enabled", 7),
    Column("TFA Type", 13),
    Column("Proved", 6),
    Column("Created", 10, wide=True),
    Column("Description", 20, grow=True),
    Column("Note", 11, wide=True),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("without a second factor", "type:none"),
    View("administrators without a second factor", "type:none rights:admin -rights:off"),
    View("locked", "enabled:locked"),
    View("of administrators", "rights:admin"),
    View("keys", "type:webauthn"),
    View("proved by a login", "proved:login"),
    View("proved by a login or a signature", "-proved:never -proved:none"),
    View("never proved", "proved:never"),
    View("TOTP", "type:totp"),
    View("recovery keys", "type:recovery"),
    View("recovery keys running out", "left:low"),
    View("disabled", "enabled:no"),
    View("with a second factor", "-type:none -type:idp"),
    View("of users that do not exist", "ghost:yes"),
    View("from one realm", "realm:"),
)
_FIELDS = (
    "user", "realm", "enabled", "type", "proved", "description", "rights", "left", "note",
    "ghost", "look",
)  # fmt: skip

# tfa.cfg's word -> PVE's words on the screen, and words to find it by.
TYPE_NAMES = {
    "totp": "TOTP",
    "webauthn": "WebAuthn",
    "recovery": "Recovery Keys",
    "yubico": "Yubico OTP",
    "u2f": "U2F",
}
NONE, IDP = "none", "idp"
"""The type, for finding, of a user who has no factor, and of one whom only the provider asks."""
_AT_IDP = "at the IdP"

# What is wrong, in the order of what matters most -> its word in the column Note.
_NOTES: Mapping[str, str] = {
    "realm": "LOCKED OUT",
    "settings": "LOCKED OUT",
    "used-up": "USED UP",
    "unusable": "LOCKED OUT",
    "ghost": "NO USER",
    "idp": "NOT ASKED",
    "realm-only": "NOT ASKED",
    "key-settings": "NO SETTINGS",
    "old-id": "OLD ID",
    "counter": "COUNTER",
    "disabled": "ALL OFF",
    "without": "NONE",
    "single": "ONLY ONE",
    "low": "RUNNING OUT",
    "root-typed": "NO CODES",
    "root-key": "NO KEY",
}


def factor_key(userid: str, ident: str = "") -> str:
    """The key of a factor's row; a userid holds no blank. Without `ident`: of the user alone."""
    return f"{userid} {ident}"


def split_key(key: str) -> tuple[str, str]:
    """The userid and the factor's id, "" where the user has none."""
    userid, _, ident = key.partition(" ")
    return userid, ident


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    tfa = snapshot.tfa.value
    if tfa is None:
        return ()
    return list(_Rows(snapshot, now).of_all(tfa.users))


class _Rows:
    """What all rows of one picture share."""

    def __init__(self, snapshot: Snapshot, now: float) -> None:
        from pve_auth_tui.core import coverage  # what only this list needs, when it is opened

        self._now = now
        self._config = snapshot.access.value
        realms = snapshot.realms.value
        self._realms: Mapping[str, Realm] = realms.realms if realms else {}
        self._in_part = snapshot.restricted
        self._admins = acl_index(self._config).administrators if self._config else frozenset()
        self._marks, self._proved = snapshot.proofs, coverage.proved
        self._found: dict[str, list[str]] = {}
        for found in coverage.findings(snapshot, now):
            if found.finding.word != "-" and found.finding.target:
                self._found.setdefault(found.finding.target.key, []).append(found.kind)

    def of_all(self, users: Mapping[str, UserTfa]) -> Iterator[Row]:
        """Factors first; then who has none, where every user can be seen."""
        for userid in sorted(users):
            for entry in users[userid].entries:
                yield self._factor(users[userid], entry)
        if self._config is not None and not self._in_part:
            for userid in sorted(self._config.users):
                if userid not in users or not users[userid].entries:
                    yield self._none(userid)

    def _factor(self, user: UserTfa, entry: TfaEntry) -> Row:
        userid = user.userid
        key = factor_key(userid, entry.id)
        enabled = _enabled(user, entry, self._now)
        proved = self._proved(self._marks, userid, entry)
        ghost = self._config is not None and userid not in self._config.users
        note = self._note(key)
        cells = (
            userid,
            enabled,
            TYPE_NAMES[entry.type],
            proved,
            date(entry.created),
            recovery_left(entry) or entry.description,
            note,
        )
        fields = {
            **self._about_user(userid),
            "enabled": enabled.casefold(),
            "type": "webauthn key" if entry.type == "webauthn" else entry.type,
            "proved": "none" if proved == "-" else proved,
            "description": entry.description.casefold(),
            "left": _left_field(entry),
            "note": note.casefold(),
            "ghost": yes_no(ghost),
            "look": look(ghost or enabled == "Locked" or is_low(entry) or key in self._found),
        }
        return _row(key, cells, fields, float(entry.created))

    def _none(self, userid: str) -> Row:
        realm = self._realms.get(userid.rpartition("@")[2])
        at_idp = realm is not None and realm.type == "openid"
        key = factor_key(userid)
        note = self._note(key)
        cells = (userid, "-", _AT_IDP if at_idp else NONE, "-", "-", "", note)
        fields = {
            **self._about_user(userid),
            "enabled": "-",
            "type": IDP if at_idp else NONE,
            "proved": "none",
            "description": "",
            "left": "",
            "note": note.casefold(),
            "ghost": "no",
            "look": look(key in self._found),
        }
        return _row(key, cells, fields, 0.0)

    def _about_user(self, userid: str) -> dict[str, str]:
        user = self._config.users.get(userid) if self._config else None
        off = user is not None and (not user.enable or 0 < user.expire <= self._now)
        rights = "admin" if userid in self._admins else "other"
        return {
            "user": userid.casefold(),
            "realm": userid.rpartition("@")[2].casefold(),
            "rights": f"{rights} off" if off else rights,
        }

    def _note(self, key: str) -> str:
        kinds = self._found.get(key, ())
        return next((word for kind, word in _NOTES.items() if kind in kinds), "")


def _row(key: str, cells: tuple[str, ...], fields: Mapping[str, str], created: float) -> Row:
    ordered = {name: fields[name] for name in _FIELDS}
    return Row(key, cells, ordered, (*cells[:4], created))


def _enabled(user: UserTfa, entry: TfaEntry, now: float) -> str:
    """PVE's UI says Locked in this column."""
    if not entry.enable:
        return "no"
    all_locked = user.locked_until is not None and user.locked_until > now
    return "Locked" if all_locked or (user.totp_locked and entry.type == "totp") else "yes"


def recovery_left(entry: TfaEntry) -> str:
    """`3 of 10 left`; "" for other factors."""
    if entry.type != "recovery":
        return ""
    if entry.unused is None:
        return "not known"  # PVE's API does not tell
    return f"{entry.unused} of {entry.total or 0} left"


def _left_field(entry: TfaEntry) -> str:
    if entry.type != "recovery":
        return ""
    return "low" if is_low(entry) else "enough"


def is_low(entry: TfaEntry) -> bool:
    """Recovery keys that run out."""
    return entry.unused is not None and entry.unused <= RECOVERY_LOW


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    from pve_auth_tui.core.lists.tfadetails import details

    return details(snapshot, key, now)


def _heading(snapshot: Snapshot, key: str) -> str:
    """`root@pam · WebAuthn · rack 3`"""
    userid, ident = split_key(key)
    user = snapshot.tfa.value.users.get(userid) if snapshot.tfa.value else None
    for entry in user.entries if user else ():
        if entry.id == ident:
            parts = (userid, TYPE_NAMES[entry.type], entry.description)
            return " · ".join(part for part in parts if part)
    return userid


def _commands(key: str) -> Sequence[str]:
    return (f"pveum user tfa list {argument(split_key(key)[0])}", "pvesh get /access/tfa")


TFA = Listing(
    name="tfa",
    title="Two Factor",
    noun=("row", "rows"),
    part="tfa",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
