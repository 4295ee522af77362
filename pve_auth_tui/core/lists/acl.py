"""Datacenter, Permissions: the ACL, one row per entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pve_auth_tui.core import aclnotes
from pve_auth_tui.core.accessdata import ADMINISTRATOR
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.aclview import view_of
from pve_auth_tui.core.excerpt import excerpt
from pve_auth_tui.core.find import field_value
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import (
    GONE,
    argument,
    guest_name,
    look,
)
from pve_auth_tui.core.may import may, place_of
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import AclEntry, UserConfig
from pve_auth_tui.core.words import count_privileges, count_words, listed, natural_order, yes_no

_COLUMNS = (
    Column("Path", 15, grow=True),
    Column("User/Group/API Token", 24, grow=True),
    Column("Role", 16),
    Column("Prop", 4),
    Column("Note", 8),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("ghosts", "note:ghost"),
    View("root in effect", "note:root"),
    View("replace or hide others", "note:replaces"),
    View("block", "note:blocks"),
    View("capped or unused tokens", "kind:token look:yes"),
    View("administrators", "role:administrator"),
    View("groups", "kind:group"),
    View("tokens", "kind:token"),
    View("not propagated", "prop:no"),
    View("from one realm", "realm:"),
)
_FIELDS = ("path", "subject", "kind", "realm", "role", "prop", "note", "look")


def entry_key(entry: AclEntry) -> str:
    """The key of an entry's row; none of the three parts can hold a blank."""
    return f"{entry.path} {entry.shown_subject} {entry.role}"


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    config = snapshot.access.value
    if config is None:
        return ()
    noted = aclnotes.notes(config)
    rows = []
    for key, entry in _by_key(config).items():
        notes = noted.get(entry, ())
        subject = entry.shown_subject
        propagates = yes_no(entry.propagate)
        fields = {
            "path": entry.path.casefold(),
            "subject": subject.casefold(),
            "kind": entry.kind,
            "realm": _realm(entry),
            "role": entry.role.casefold(),
            "prop": propagates,
            "note": field_value(notes) if notes else "",
            "look": look(notes),
        }
        cells = (entry.path, subject, entry.role, propagates, notes[0] if notes else "")
        rows.append(Row(key, cells, fields, (natural_order(entry.path),)))
    return rows


def _realm(entry: AclEntry) -> str:
    """Of a group none: only its name may hint at one."""
    if entry.kind == "group":
        return ""
    return entry.subject.rpartition("@")[2].partition("!")[0].casefold()


@remembered
def _by_key(config: UserConfig) -> Mapping[str, AclEntry]:
    return {entry_key(entry): entry for entry in config.acl}


def entry_of(snapshot: Snapshot, key: str) -> AclEntry | None:
    """The entry behind a row's key."""
    config = snapshot.access.value
    return _by_key(config).get(key) if config else None


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    config, entry = snapshot.access.value, entry_of(snapshot, key)
    if config is None or entry is None:
        return GONE
    notes = aclnotes.notes(config).get(entry, ())
    if aclnotes.GHOST in notes:
        return _ghost_lines(snapshot, entry)
    lines = _note_lines(config, entry, notes)
    if entry.kind == "group":
        return [*lines, *_group_lines(config, entry)]
    if aclnotes.UNUSED not in notes:
        lines += _effect_lines(config, entry)
    return lines


def _ghost_lines(snapshot: Snapshot, entry: AclEntry) -> list[Line]:
    lines = [
        Line(f"there is no {entry.kind} {entry.subject}.", aclnotes.GHOST),
        Line(f"whoever gets that name gets {entry.role} on {entry.path}.", "Risk"),
    ]
    jobs = snapshot.jobs.value
    realm = _realm(entry)
    if jobs and any(job.realm.casefold() == realm for job in jobs.sync.values()):
        lines.append(Line(f"the next sync of {realm} can bring the name back.", "Sync"))
    return lines


def _note_lines(config: UserConfig, entry: AclEntry, notes: Sequence[str]) -> list[Line]:
    lines = []
    who = entry.shown_subject
    for note in notes:
        if note == aclnotes.UNUSED:
            why = (
                "root@pam may do everything without it."
                if entry.kind == "user"
                else "without privilege separation the token has its user's rights."
            )
            lines.append(Line(f"never counts: {why}", note))
        elif note == aclnotes.IS_ROOT:
            way = aclnotes.root_way(config, entry)
            lines.append(Line(f"{who} can make itself root: {way}.", note))
        elif note == aclnotes.BLOCKS:
            lines.append(Line(f"wins over every other role of {who} on this path.", note))
        elif note == aclnotes.CAPPED:
            missing = listed(sorted(aclnotes.missing_for_token(view_of(config), entry)), 4)
            lines.append(Line(f"its user lacks {missing}, so the token does, too.", note))
        elif note == aclnotes.POOL:
            pools = listed(acl_index(config).pools_of.get(entry.path, ()))
            lines.append(Line(f"{pools} adds back what it would replace: {_above(config, entry)}.",
                              note))  # fmt: skip
        elif note == aclnotes.REPLACES:
            lines.append(Line(f"what {who} has further up: {_above(config, entry)}.", note))
        elif note == aclnotes.HIDDEN:
            lines.append(Line(f"{_hiders(config, entry)} on this path.", note))
    return lines


def _above(config: UserConfig, entry: AclEntry) -> str:
    """`Administrator on / through admins-corp`"""
    index = acl_index(config)
    above = index.further_up(index.ranks(entry.kind, entry.subject), entry.path)
    return listed([_through(other, entry.subject) for other in above])


def _through(entry: AclEntry, subject: str) -> str:
    through = f" through {entry.subject}" if entry.subject != subject else ""
    return f"{entry.role} on {entry.path}{through}"


def _hiders(config: UserConfig, entry: AclEntry) -> str:
    """`for anna@corp: own entries come first`"""
    level = acl_index(config).levels[entry.path]
    members = [member for member in config.groups[entry.subject].members if member in level]
    return f"for {listed(members)}: own entries come first"


def _group_lines(config: UserConfig, entry: AclEntry) -> list[Line]:
    role = config.roles.get(entry.role)
    number = len(config.groups[entry.subject].members)
    members = listed(config.groups[entry.subject].members, 4) or "nobody"
    given = frozenset(role.privs if role else ())
    return [
        Line(f"{_may(config, given, entry.path)} ({count_privileges(len(given))})", "Effect"),
        Line(f"{count_words(number, 'member', 'members')}: {members}", "For"),
    ]


def _effect_lines(config: UserConfig, entry: AclEntry) -> list[Line]:
    """What the subject may do there now, and what without this entry."""
    who = entry.subject
    userid = who.rpartition("!")[0] if entry.kind == "token" else who
    now = Permissions(excerpt(config, userid, entry.path))
    then = Permissions(excerpt(config, userid, entry.path, without=entry))
    has = frozenset(now.privileges(who, entry.path))
    would = frozenset(then.privileges(who, entry.path))
    lines = []
    hides = _hides(config, entry)
    if hides:
        lines.append(Line(f"the group entry on the same path: {hides}.", "HIDES"))
    pools = now.decision(who, entry.path).pools
    through = f", with pool {listed(pools)}" if pools else ""
    had = f"{_may(config, has, entry.path)} ({count_privileges(len(has))})"
    lines.append(Line(f"{had} for {who} here{through}.", "Effect"))
    if has == would:
        lines.append(Line("this line: the same.", "Without"))
    else:
        text = f"{_may(config, would, entry.path)} ({count_privileges(len(would))})"
        lines.append(Line(f"this line: {text}.", "Without"))
    return lines


def _hides(config: UserConfig, entry: AclEntry) -> str:
    """Group entries on the same path that do not count for this user."""
    if entry.kind != "user":
        return ""
    index = acl_index(config)
    level = index.levels[entry.path]
    return listed(
        [
            f"{group} {other.role}"
            for group in index.groups_of.get(entry.subject, ())
            for other in level.get(group, ())
        ]
    )


def _may(config: UserConfig, privileges: frozenset[str], path: str) -> str:
    everything = config.roles.get(ADMINISTRATOR)
    return may(privileges, everything.privs if everything else frozenset(), place_of(path))


def _heading(snapshot: Snapshot, key: str) -> str:
    """`/vms/100 web-01 (pve2, in no pool) · anna.admin@corp · PVEAuditor`"""
    path, _, rest = key.partition(" ")
    subject, _, role = rest.partition(" ")
    place = guest_name(snapshot, path)
    if place and snapshot.access.value:
        pools = acl_index(snapshot.access.value).pools_of.get(path, ())
        in_pool = f"pool {listed(pools)}" if pools else "in no pool"
        place = f" {place.removesuffix(')')}, {in_pool})"
    return f"{path}{place} · {subject} · {role}"


def _commands(key: str) -> Sequence[str]:
    _, _, rest = key.partition(" ")
    subject = rest.partition(" ")[0]
    lines = ["pveum acl list"]
    if not subject.startswith("@"):
        lines.append(f"pveum user permissions {argument(subject)}")
    return lines


ACL = Listing(
    name="acl",
    title="ACL",
    noun=("entry", "entries"),
    part="access",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
