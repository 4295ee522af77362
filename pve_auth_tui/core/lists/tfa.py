"""Datacenter, Permissions, Two Factor: one row per factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pve_auth_tui.core import otpauth
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, argument, look, realm_of
from pve_auth_tui.core.logins import RECOVERY_LOW, Login, demanded, login
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.words import ago, date, date_time, span, yes_no

_COLUMNS = (
    Column("User", 20, grow=True),
    Column("Enabled", 7),
    Column("TFA Type", 13),
    Column("Created", 10),
    Column("Description", 17, grow=True),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("locked", "enabled:locked"),
    View("of administrators", "rights:admin"),
    View("keys", "type:webauthn"),
    View("TOTP", "type:totp"),
    View("recovery keys", "type:recovery"),
    View("recovery keys running out", "left:low"),
    View("disabled", "enabled:no"),
    View("of users that do not exist", "ghost:yes"),
    View("from one realm", "realm:"),
)
_FIELDS = ("user", "realm", "enabled", "type", "description", "rights", "left", "ghost", "look")

# tfa.cfg's word -> PVE's words on the screen, and words to find it by.
TYPE_NAMES = {
    "totp": "TOTP",
    "webauthn": "WebAuthn",
    "recovery": "Recovery Keys",
    "yubico": "Yubico OTP",
    "u2f": "U2F",
}


def factor_key(userid: str, entry: TfaEntry) -> str:
    """The key of a factor's row; a userid holds no blank."""
    return f"{userid} {entry.id}"


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    tfa = snapshot.tfa.value
    if tfa is None:
        return ()
    config = snapshot.access.value
    administrators = acl_index(config).administrators if config else frozenset()
    rows = []
    for userid in sorted(tfa.users):
        user = tfa.users[userid]
        ghost = config is not None and userid not in config.users
        realm = userid.rpartition("@")[2].casefold()
        for entry in user.entries:
            enabled = _enabled(user, entry, now)
            left = _left(entry)
            cells = (
                userid,
                enabled,
                TYPE_NAMES[entry.type],
                date(entry.created),
                left or entry.description,
            )
            fields = {
                "user": userid.casefold(),
                "realm": realm,
                "enabled": enabled.casefold(),
                "type": "webauthn key" if entry.type == "webauthn" else entry.type,
                "description": entry.description.casefold(),
                "rights": "admin" if userid in administrators else "other",
                "left": _left_field(entry),
                "ghost": yes_no(ghost),
                "look": look(ghost or enabled == "Locked" or _is_low(entry)),
            }
            sort = (*cells[:3], float(entry.created))
            rows.append(Row(factor_key(userid, entry), cells, fields, sort))
    return rows


def _enabled(user: UserTfa, entry: TfaEntry, now: float) -> str:
    """PVE's UI says Locked in this column."""
    if not entry.enable:
        return "no"
    all_locked = user.locked_until is not None and user.locked_until > now
    return "Locked" if all_locked or (user.totp_locked and entry.type == "totp") else "yes"


def _left(entry: TfaEntry) -> str:
    if entry.type != "recovery":
        return ""
    if entry.unused is None:
        return "not known"  # PVE's API does not tell
    return f"{entry.unused} of {entry.total or 0} left"


def _left_field(entry: TfaEntry) -> str:
    if entry.type != "recovery":
        return ""
    return "low" if _is_low(entry) else "enough"


def _is_low(entry: TfaEntry) -> bool:
    return entry.unused is not None and entry.unused <= RECOVERY_LOW


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    userid, _, ident = key.partition(" ")
    tfa = snapshot.tfa.value
    user = tfa.users.get(userid) if tfa else None
    entry = next((each for each in user.entries if each.id == ident), None) if user else None
    if user is None or entry is None:
        return GONE
    found = login(snapshot, userid, now)
    lines = _state_lines(user, entry, now)
    lines += _use_lines(snapshot, userid, entry, found)
    lines += _stored_lines(entry, now)
    if entry.created:
        lines.append(Line(f"{date_time(entry.created)}, {ago(entry.created, now)}", "Created"))
    others = [TYPE_NAMES[other.type] for other in user.entries if other is not entry]
    lines.append(Line(", ".join(others) or "none: this is all there is", "Others"))
    return lines


def _state_lines(user: UserTfa, entry: TfaEntry, now: float) -> list[Line]:
    if user.locked_until is not None and user.locked_until > now:
        text = f"all factors for {span(user.locked_until - now)} more, after 100 failures"
        return [Line(text, "Locked", "LOOK")]
    if user.totp_locked and entry.type == "totp":
        text = "after 8 wrong codes, until it is unlocked or a recovery key is used"
        return [Line(text, "Locked", "LOOK")]
    if not entry.enable:
        return [Line("disabled: PVE does not ask for it", "State")]
    if _is_low(entry):
        return [Line(f"{_left(entry)}; make a new set in time", "State", "LOOK")]
    return []


def _use_lines(snapshot: Snapshot, userid: str, entry: TfaEntry, found: Login) -> list[Line]:
    """Is it asked for at all, and when does it fail."""
    config = snapshot.access.value
    if config is not None and userid not in config.users:
        return [Line("there is no such user; a new one of that name takes it over", "User", "LOOK")]
    if found.at_idp:
        return [Line("never: PVE asks users of OpenID realms for nothing", "Asked", "LOOK")]
    demand = demanded(realm_of(snapshot, userid.rpartition("@")[2]))
    kept = {"oath": "totp", "yubico": "yubico"}.get(demand)
    if kept and entry.type not in (kept, "recovery"):
        text = f"never: the realm requires {TYPE_NAMES[kept]} and takes nothing else"
        return [Line(text, "Asked", "LOOK")]
    if entry.type == "yubico" and not kept:
        return [Line("never: the realm has no Yubico settings", "Asked", "LOOK")]
    if entry.type == "webauthn":
        return [Line("works without quorum, under the names the key was enrolled for", "Login")]
    if entry.type in ("totp", "recovery"):
        return [Line("needs quorum: PVE stores each use in tfa.cfg", "Login")]
    return []


def _stored_lines(entry: TfaEntry, now: float) -> list[Line]:
    if entry.type == "totp":
        return _totp_lines(entry, now)
    return []


def _totp_lines(entry: TfaEntry, now: float) -> list[Line]:
    """What the URI says beside the secret, and when a code was right last."""
    data = entry.data
    uri = data.get("totp") if isinstance(data, Mapping) else data
    if not isinstance(uri, str):
        return []
    try:
        totp = otpauth.parse(uri)
    except otpauth.BadUri:
        return []
    lines = [Line(f"{totp.digits} digits, {totp.period} s, {totp.algorithm}", "Code")]
    used = data.get("last-count") if isinstance(data, Mapping) else None
    if isinstance(used, int) and used > 0:
        lines.append(Line(f"a right code {ago(used * totp.period, now)}", "Used"))
    else:
        lines.append(Line("not used to log in yet", "Used"))
    return lines


def _heading(snapshot: Snapshot, key: str) -> str:
    """`root@pam · WebAuthn · rack 3`"""
    userid, _, ident = key.partition(" ")
    user = snapshot.tfa.value.users.get(userid) if snapshot.tfa.value else None
    for entry in user.entries if user else ():
        if entry.id == ident:
            parts = (userid, TYPE_NAMES[entry.type], entry.description)
            return " · ".join(part for part in parts if part)
    return userid


def _commands(key: str) -> Sequence[str]:
    return (f"pveum user tfa list {argument(key.partition(' ')[0])}", "pvesh get /access/tfa")


TFA = Listing(
    name="tfa",
    title="Two Factor",
    noun=("factor", "factors"),
    part="tfa",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
