"""What PVE takes of a directory's entries, and what it skips and why.

Source: PVE::Auth::LDAP::{get_users,get_groups} of pve-access-control 9.1.1 (reference 6, 2).
Names are octets that PVE takes for characters (`Zoë` becomes `ZoÃ«`), values are UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core import names
from pve_auth_tui.core.directory.mapping import attributes_of
from pve_auth_tui.core.directory.ports import Entry
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.perltext import BLANKS, decode_utf8, truthy
from pve_auth_tui.core.sync.found import Skipped

_LONGEST: Final[Mapping[str, int]] = {
    "firstname": 1024,
    "lastname": 1024,
    "comment": 2048,
    "email": 254,
}
_LONGEST_USERID: Final = 64
_SHOWN: Final = 60  # characters of a value that is repeated
_FIRST_PART: Final = re.compile(rb"[^=]+=([^,]+),")
_EXPIRE: Final = re.compile(r"(?:\+?[0-9]+|-0+)")
_KEYS: Final = re.compile(r"[0-9a-zA-Z!=]{0,4096}\n?")
_TWICE: Final = "the directory has this name more than once: PVE takes the last entry"


class UsersTaken(NamedTuple):
    """`users`: userid -> values by PVE's names; `people`: DN in small letters -> userid."""

    users: Mapping[str, Mapping[str, str]]
    people: Mapping[bytes, str]
    skipped: tuple[Skipped, ...] = ()


class GroupsTaken(NamedTuple):
    """`groups`: name with `-REALM` -> its members, sorted."""

    groups: Mapping[str, tuple[str, ...]]
    skipped: tuple[Skipped, ...] = ()


def users_taken(settings: DirectorySettings, entries: Sequence[Entry]) -> UsersTaken:
    """Every entry is taken, or skipped with its reason; values that PVE refuses are left out."""
    called = settings.user_attr.lower()
    wanted = [
        (theirs.lower(), theirs, ours)
        for theirs, ours in attributes_of(settings).mapping.items()
        if ours != "username"  # checked as a part of the userid, and never stored
    ]
    end = f"@{settings.realm}"
    users: dict[str, Mapping[str, str]] = {}
    people: dict[bytes, str] = {}
    skipped: list[Skipped] = []
    for dn, values in entries:
        first = values.get(called)
        userid = (first[0].decode("latin-1") if first else "") + end
        if not names.is_userid(userid):
            skipped.append(_skipped_user(dn, userid, settings))
            continue
        if userid in users:
            skipped.append(Skipped("user", userid, _TWICE))
        taken: dict[str, str] = {}
        for lower, theirs, ours in wanted:
            if not (found := values.get(lower)):
                continue
            value = decode_utf8(found[0])
            if problem := _value_problem(ours, value):
                skipped.append(Skipped("value", userid, f"{theirs} as {ours}: {problem}"))
            else:
                taken[ours] = value
        users[userid] = taken
        people[dn.lower()] = userid
    return UsersTaken(users, people, tuple(skipped))


def groups_taken(
    settings: DirectorySettings, entries: Sequence[Entry], people: Mapping[bytes, str]
) -> GroupsTaken:
    """Members are the users of the same run, whose DNs stand in the entry itself."""
    named_by = settings.group_name_attr.lower()
    groups: dict[str, tuple[str, ...]] = {}
    skipped: list[Skipped] = []
    for dn, values in entries:
        first = values.get(named_by) if named_by else None
        name = first[0].decode("latin-1") if first else ""
        if not truthy(name):
            part = _FIRST_PART.match(dn)
            name = part[1].decode("latin-1").strip(BLANKS) if part else ""
        if not truthy(name):
            skipped.append(Skipped("group", dn.decode("latin-1"), "PVE finds no name for it"))
            continue
        group = f"{name}-{settings.realm}"
        if not names.is_group(group):
            skipped.append(Skipped("group", group, _group_problem(name)))
            continue
        if group in groups:
            skipped.append(Skipped("group", group, _TWICE))
        members = values.get("member") or values.get("uniquemember") or ()
        known = {people.get(member.lower(), "") for member in members}
        groups[group] = tuple(sorted(known - {""}))
    return GroupsTaken(groups, tuple(skipped))


def _skipped_user(dn: bytes, userid: str, settings: DirectorySettings) -> Skipped:
    name = userid.removesuffix(f"@{settings.realm}")
    if not name:
        return Skipped("user", dn.decode("latin-1"), f"it has no {settings.user_attr}")
    return Skipped("user", userid, _user_problem(name, userid))


def _user_problem(name: str, userid: str) -> str:
    if len(userid) > _LONGEST_USERID:
        return (
            f"with the realm it has {len(userid)} characters; PVE takes {_LONGEST_USERID} at most"
        )
    for sign, called in ((":", "a colon"), ("/", "a slash")):
        if sign in name:
            return f"the name has {called}, which PVE does not take"
    return "the name has a blank, which PVE does not take"


def _group_problem(name: str) -> str:
    has = "a blank" if " " in name else "other signs"
    return f"the name has {has}: PVE takes letters, digits, dot, - and _ in groups"


def _value_problem(ours: str, value: str) -> str:
    """PVE looks at each value but `enable` before it takes it (since 8.1.0)."""
    most = _LONGEST.get(ours)
    if most is not None and len(value) > most:
        return f"{len(value)} characters, PVE takes {most} at most"
    if ours == "email" and truthy(value) and names.email_problem(value):
        return f"{_cut(value)} is no mail address that PVE takes"
    if ours == "expire" and not _EXPIRE.fullmatch(value):
        return f"{_cut(value)} is no number of seconds since 1970"
    if ours == "keys" and not _KEYS.fullmatch(value):
        return "PVE takes letters, digits, ! and = as Key IDs"
    return ""


def _cut(value: str) -> str:
    return value if len(value) <= _SHOWN else f"{value[: _SHOWN - 3]}..."
