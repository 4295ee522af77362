"""Datacenter, Permissions, Groups."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.ghosts import missing_members
from pve_auth_tui.core.grouporigin import realms_of_group, sending_realms
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, look, synced
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


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    config = snapshot.access.value
    if config is None:
        return ()
    realms = sending_realms(snapshot)
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
    realms = sending_realms(snapshot)
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
