"""Datacenter, Permissions, Users."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.aclnotes import self_made_roots
from pve_auth_tui.core.find import field_value
from pve_auth_tui.core.ghosts import case_duplicates
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import (
    GONE,
    argument,
    full_name,
    look,
    synced,
)
from pve_auth_tui.core.logins import Login, login, recovery_left
from pve_auth_tui.core.plain import suspicious
from pve_auth_tui.core.reach import token_reach
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.userconfig import AclEntry, User, UserConfig
from pve_auth_tui.core.words import (
    count_words,
    date_time,
    expiry,
    expiry_field,
    expiry_order,
    has_expired,
    listed,
    yes_no,
)

_COLUMNS = (
    Column("User name", 18, grow=True),
    Column("Realm", 5),
    Column("Enabled", 7),
    Column("Expire", 8),
    Column("Name", 15, wide=True),
    Column("TFA", 16),
    Column("Rights", 10),
    Column("Groups", 14, wide=True),
    Column("Comment", 12, grow=True, wide=True),
)
_VIEWS = (
    View("administrators", "rights:admin"),
    View("administrators without a second factor", "rights:admin tfa:none -rights:off"),
    View("no second factor", "tfa:none"),
    View("locked", "tfa:locked"),
    View("can make themselves root", "rights:root"),
    View("expired", "expire:expired"),
    View("expiring within 30 days", "expire:soon"),
    View("disabled", "enabled:no"),
    View("without rights", "rights:none"),
    View("names that clash, realms that are gone", "ghost:yes"),
    View("from one realm", "realm:"),
)
_FIELDS = (
    "user", "realm", "enabled", "expire", "tfa", "rights", "group", "name", "mail", "ghost", "look",
)  # fmt: skip


def tfa_words(found: Login, needed: bool, known: bool = True) -> str:
    """The TFA column: `key, totp LOCKED`, `NONE` (where one is `needed`), `at the IdP`, `-`.

    Recovery keys are named when there is nothing else. `known`: tfa.cfg could be read.
    """
    if found.at_idp:
        return "at the IdP"
    if not known:
        return "not known"
    kinds = [kind for kind in found.kinds if kind != "recovery"] or list(found.kinds)
    if not kinds:
        return "NONE" if needed or found.asked else "-"
    return ", ".join(kinds) + (" LOCKED" if found.locked else "")


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    config = snapshot.access.value
    if config is None:
        return ()
    index = acl_index(config)
    roots = self_made_roots(config)
    ghosts = {userid for clash in case_duplicates(config) for userid in clash}
    realms = snapshot.realms.value
    tfa_known = snapshot.tfa.value is not None
    rows = []
    for userid in sorted(config.users):
        user = config.users[userid]
        found = login(snapshot, userid, now)
        admin = userid in index.administrators
        makes_root = userid in roots
        rights = admin or index.has_rights(userid)
        off = not user.enable or has_expired(user.expire, now)
        ghost = userid in ghosts or (realms is not None and user.realm not in realms.realms)
        tfa = tfa_words(found, rights, tfa_known)
        cells = (
            user.name,
            user.realm,
            yes_no(user.enable),
            expiry(user.expire, now),
            full_name(user),
            tfa,
            _rights_word(admin, rights, makes_root, off),
            ", ".join(config.groups_of.get(userid, ())),
            user.comment or "",
        )
        unguarded = admin and not off and tfa == "NONE"
        expired = user.enable and off and rights
        fields = {
            "user": userid.casefold(),
            "realm": user.realm.casefold(),
            "enabled": cells[2],
            "expire": expiry_field(user.expire, now),
            "tfa": _tfa_field(found, tfa_known),
            "rights": _rights_field(admin, rights, makes_root, off),
            "group": field_value(config.groups_of.get(userid, ())),
            "name": cells[4].casefold(),
            "mail": (user.email or "").casefold(),
            "ghost": yes_no(ghost),
            "look": look(found.locked or ghost or makes_root or unguarded or expired),
        }
        rows.append(Row(userid, cells, fields, (*cells[:3], expiry_order(user.expire))))
    return rows


def _rights_word(admin: bool, rights: bool, makes_root: bool, off: bool) -> str:
    if not rights:
        return "-"
    word = "admin" if admin else "some"
    if off:
        return f"{word}, off"
    return f"{word}, ROOT" if makes_root else word


def _rights_field(admin: bool, rights: bool, makes_root: bool, off: bool) -> str:
    words = ["admin" if admin else "some" if rights else "none"]
    words += ["root"] * makes_root + ["off"] * off
    return " ".join(words)


def _tfa_field(found: Login, known: bool) -> str:
    if found.at_idp:
        return "idp"
    if not known:
        return "unknown"
    if not found.kinds:
        return "none"
    return " ".join((*found.kinds, "locked") if found.locked else found.kinds)


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    config = snapshot.access.value
    user = config.users.get(key) if config else None
    if config is None or user is None:
        return GONE
    found = login(snapshot, key, now)
    lines = [Line(_who(snapshot, config, user, now))]
    if found.obstacle:
        lines.append(
            Line(f"cannot log in: {found.obstacle}.", "Login", "BAD" if key == ROOT else "LOOK")
        )
    lines.append(_tfa_line(snapshot, key, found))
    lines += _rights_lines(config, key)
    lines += _token_lines(config, user, now)
    if user.expire:
        lines.append(Line(f"{expiry(user.expire, now)}, {date_time(user.expire)}", "Expire"))
    lines += [Line(text, "Name", "LOOK") for text in _name_warnings(config, key)]
    if user.has_old_keys:
        lines.append(Line("an old TOTP secret or Yubico id stands in user.cfg", "Key IDs", "LOOK"))
    if user.comment:
        lines.append(Line(user.comment, "Comment"))
    return lines


def _who(snapshot: Snapshot, config: UserConfig, user: User, now: float) -> str:
    """`Anna Admin, anna@example.com. Synced 2 h ago. In admins-corp, ops-corp`"""
    parts = [", ".join(part for part in (full_name(user), user.email or "") if part)]
    parts.append(synced(snapshot, user.realm, now).capitalize())
    groups = config.groups_of.get(user.id, ())
    parts.append(f"In {listed(groups, 6)}" if groups else "In no group")
    return ". ".join(part for part in parts if part) + "."


def _tfa_line(snapshot: Snapshot, userid: str, found: Login) -> Line:
    if snapshot.tfa.value is None:
        return Line(snapshot.tfa.problem or "not known", "TFA", "-")
    tfa = snapshot.tfa.value.users.get(userid)
    if found.at_idp:
        beside = " The entries here are never asked for." if found.kinds else ""
        return Line(f"asked by the identity provider, not by PVE.{beside}", "TFA")
    if tfa is None or not tfa.entries:
        return Line("none: the password alone is enough.", "TFA")
    return Line(f"{_entries(tfa)}. {_lock(found)}{_recovery(tfa)}", "TFA")


def _entries(tfa: UserTfa) -> str:
    described = [_described(entry) for entry in tfa.entries if entry.type != "recovery"]
    return listed(described, 4) or "recovery keys only"


def _described(entry: TfaEntry) -> str:
    name = {"totp": "TOTP", "webauthn": "key", "yubico": "Yubico OTP"}.get(entry.type, "U2F")
    off = "" if entry.enable else " (disabled)"
    return f'{name} "{entry.description}"{off}'


def _lock(found: Login) -> str:
    if found.locked == "all":
        return "All factors are LOCKED. "
    return "TOTP is LOCKED after 8 wrong codes. " if found.locked else ""


def _recovery(tfa: UserTfa) -> str:
    left = recovery_left(tfa)
    if left is None:
        has_some = any(entry.type == "recovery" for entry in tfa.entries)
        return "Recovery keys." if has_some else "No recovery keys."
    total = next(entry.total for entry in tfa.entries if entry.type == "recovery")
    return f"{left} of {total} recovery keys left."


def _rights_lines(config: UserConfig, userid: str) -> list[Line]:
    index = acl_index(config)
    if userid == ROOT:
        return [Line("everything: root@pam is always Administrator", "Rights")]
    if userid in index.administrators:
        top = index.counting(index.ranks("user", userid), "/")
        return [Line(listed([_through(entry) for entry in top]), "Rights")]
    entries = index.entries_of(userid)
    lines = [Line(listed([_through(entry) for entry in entries]) or "none", "Rights")]
    if way := self_made_roots(config).get(userid):
        lines.append(Line(f"can make itself root: {way}", "Rights", "LOOK"))
    return lines


def _through(entry: AclEntry) -> str:
    through = f" through group {entry.subject}" if entry.kind == "group" else ""
    return f"{entry.role} on {entry.path}{through}"


def _token_lines(config: UserConfig, user: User, now: float) -> list[Line]:
    lines = []
    tokens = list(user.tokens.values())
    for token in tokens[:2]:
        reach = token_reach(config, user, token, now)
        separated = "privilege separation" if token.privsep else "no privilege separation"
        lines.append(Line(f"{token.id}: {separated}, sees {reach.word}. {reach.reason}", "Tokens"))
    if len(tokens) > 2:
        lines.append(Line(count_words(len(tokens) - 2, "more token", "more tokens"), "Tokens"))
    return lines


def _name_warnings(config: UserConfig, userid: str) -> list[str]:
    warnings = [
        f"{listed([other for other in clash if other != userid])} differs only in case"
        for clash in case_duplicates(config)
        if userid in clash
    ]
    if not warnings and (odd := suspicious(userid, acl_index(config).administrators)):
        warnings.append(odd)
    return warnings


def _heading(snapshot: Snapshot, key: str) -> str:
    return key


def _commands(key: str) -> Sequence[str]:
    return (
        "pveum user list --full 1",
        f"pveum user permissions {argument(key)}",
        f"pveum user tfa list {argument(key)}",
        f"pveum user token list {argument(key)}",
    )


USERS = Listing(
    name="users",
    title="Users",
    noun=("user", "users"),
    part="access",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
