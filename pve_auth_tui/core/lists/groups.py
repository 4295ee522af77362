"""Datacenter, Permissions, Groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.ghosts import missing_members
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, look, synced
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.realmrisks import TYPES
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed, thousands, yes_no

_COLUMNS = (
    Column("Group", 22, grow=True),
    Column("Comment", 21, grow=True),
    Column("Users", 14),
    Column("Of realm", 12),
    Column("Members", 40, grow=True, wide=True),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("empty", "users:none"),
    View("in no ACL entry", "acl:no"),
    View("with members that do not exist", "ghost:yes"),
    View("made here", "realm:here"),
    View("from one realm", "realm:"),
)
_FIELDS = ("group", "comment", "users", "member", "realm", "acl", "ghost", "look")
_SENDING = ("ad", "ldap", "openid")  # types of realms that make groups called <name>-<realm>


def realms_of_group(group: str, realms: Mapping[str, Realm]) -> list[str]:
    """Realms that take the group for theirs, the most likely first.

    Directories and OpenID realms call their groups `<name>-<realm>`. Of `x-my-lab` it is
    `my-lab`; but PVE's sync of a realm `lab` looks only at the end and takes it, too.
    """
    # by their few lengths: asking every group for every realm takes minutes where both are many
    return [
        group[-length:]
        for length in _lengths(realms)
        if group[-length - 1 : -length] == "-"
        and len(group) > length + 1
        and group[-length:] in realms
    ]


@remembered
def _lengths(realms: Mapping[str, Realm]) -> list[int]:
    """Of their names, the longest first."""
    return sorted({len(name) for name in realms}, reverse=True)


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    config = snapshot.access.value
    if config is None:
        return ()
    realms = _sending_realms(snapshot)
    subjects = acl_index(config).by_subject
    rows = []
    for name in sorted(config.groups):
        group = config.groups[name]
        ghosts = missing_members(config, group)
        of = realms_of_group(name, realms)
        number = len(group.members)
        users = thousands(number)
        if ghosts:
            users += f" ({count_words(len(ghosts), 'ghost', 'ghosts')})"
        members = " ".join(group.members)
        cells = (name, group.comment or "", users, of[0] if of else "-", members)
        fields = {
            "group": name.casefold(),
            "comment": cells[1].casefold(),
            "users": "some" if number else "none",
            "member": members.casefold(),
            "realm": " ".join(of).casefold() if of else "here",
            "acl": yes_no(f"@{name}" in subjects),
            "ghost": yes_no(bool(ghosts)),
            "look": look(ghosts or len(of) > 1),
        }
        rows.append(Row(name, cells, fields, (name, cells[1], number)))
    return rows


def claiming_realms(snapshot: Snapshot, group: str) -> list[str]:
    """Realms of the picture that take the group for theirs, the most likely first."""
    return realms_of_group(group, _sending_realms(snapshot))


def _sending_realms(snapshot: Snapshot) -> Mapping[str, Realm]:
    """By name."""
    domains = snapshot.realms.value
    return _sending(domains) if domains else {}


@remembered
def _sending(domains: Domains) -> Mapping[str, Realm]:
    return {name: realm for name, realm in domains.realms.items() if realm.type in _SENDING}


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    config = snapshot.access.value
    group = config.groups.get(key) if config else None
    if config is None or group is None:
        return GONE
    number = len(group.members)
    names = f": {listed(group.members, 8)}" if group.members else ""
    lines = [Line(f"{count_words(number, 'user', 'users')}{names}", "Users")]
    ghosts = missing_members(config, group)
    if ghosts:
        text = f"{listed(ghosts)}: whoever gets the name is in the group"
        lines.append(Line(text, "Ghosts", "LOOK"))
    lines += _realm_lines(snapshot, key, now)
    entries = acl_index(config).by_subject.get(f"@{key}", ())
    rights = listed([f"{entry.role} on {entry.path}" for entry in entries], 6)
    lines.append(Line(rights or "none: it is in no ACL entry", "Rights"))
    if group.comment:
        lines.append(Line(group.comment, "Comment"))
    return lines


def _realm_lines(snapshot: Snapshot, group: str, now: float) -> list[Line]:
    realms = _sending_realms(snapshot)
    of = realms_of_group(group, realms)
    if not of:
        return []
    kind = TYPES[realms[of[0]].type or ""]
    when = synced(snapshot, of[0], now)
    made = "by its name from" if kind == "OpenID" else "by its name synced from"
    lines = [Line(f"{made} {of[0]} ({kind}{', ' if when else ''}{when})", "Origin")]
    if len(of) > 1:
        text = f"{listed(of[1:])} would take it for its own, too, and may remove it"
        lines.append(Line(text, "Origin", "LOOK"))
    return lines


def _heading(snapshot: Snapshot, key: str) -> str:
    return f"@{key}"


def _commands(key: str) -> Sequence[str]:
    return ("pveum group list", f"pvesh get /access/groups/{key}")


GROUPS = Listing(
    name="groups",
    title="Groups",
    noun=("group", "groups"),
    part="access",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
