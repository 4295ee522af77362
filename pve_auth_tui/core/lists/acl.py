"""Datacenter, Permissions: the ACL, one row per entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pve_auth_tui.core import aclnotes
from pve_auth_tui.core.accessdata import ADMINISTRATOR, ROOT
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.aclremarks import above_words, hidden_by, members_taken
from pve_auth_tui.core.aclview import AclView, view_of, with_changes
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
    View("a pool adds it back", "note:pool"),
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
    view = view_of(config)
    lines = _note_lines(view, entry, notes)
    if entry.kind == "group":
        return [*lines, *_group_lines(view, entry, notes)]
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


def _note_lines(view: AclView, entry: AclEntry, notes: Sequence[str]) -> list[Line]:
    return [Line(_note_text(view, entry, note), note) for note in notes]


def _note_text(view: AclView, entry: AclEntry, note: str) -> str:
    who = entry.shown_subject
    if note == aclnotes.UNUSED:
        if (entry.kind, entry.subject) == ("user", ROOT):
            return "never counts: root@pam may do everything without it."
        if aclnotes.beside_no_access(view, entry):
            return f"never counts: NoAccess of {who} stands on the same path."
        return "never counts: without privilege separation the token has its user's rights."
    if note == aclnotes.IS_ROOT:
        return f"{who} can make itself root: {aclnotes.way_to_root(view, entry)}."
    if note == aclnotes.BLOCKS:
        return f"wins over every other role of {who} on this path."
    if note == aclnotes.CAPPED:
        missing = listed(sorted(aclnotes.missing_for_token(view, entry)), 4)
        return f"its user lacks {missing}, so the token does, too."
    if note == aclnotes.POOL:
        pools = listed(view.index.pools_of.get(entry.path, ()))
        return (
            f"a pool adds it back ({pools}): this entry restricts nothing. Replaced would be "
            f"{above_words(view, entry)}."
        )
    if note == aclnotes.REPLACES:
        return f"what {who} has further up: {above_words(view, entry)}."
    return f"for {listed(aclnotes.hiders(view, entry))}: own entries come first on this path."


def _group_lines(view: AclView, entry: AclEntry, notes: Sequence[str]) -> list[Line]:
    """What the group holds there by itself, with and without the entry, and for whom."""
    config = view.config
    members = config.groups[entry.subject].members
    names = listed(members, 4) or "nobody"
    has = view.privileges("group", entry.subject, entry.path)
    then = with_changes(view, (), (entry,))
    would = then.privileges("group", entry.subject, entry.path)
    lines = [Line(f"{_amount(config, has, entry.path)} for the group.", "Effect")]
    if aclnotes.UNUSED not in notes:
        lines.append(_without(config, has, would, entry.path))
        lines += [Line(text, heading) for heading, text in members_taken(then, view, entry)]
    return [*lines, Line(f"{count_words(len(members), 'member', 'members')}: {names}", "For")]


def _effect_lines(config: UserConfig, entry: AclEntry) -> list[Line]:
    """What the subject may do there now, and what without this entry."""
    who = entry.subject
    userid = who.rpartition("!")[0] if entry.kind == "token" else who
    now = Permissions(excerpt(config, userid, entry.path))
    then = Permissions(excerpt(config, userid, entry.path, without=entry))
    has = frozenset(now.privileges(who, entry.path))
    would = frozenset(then.privileges(who, entry.path))
    lines = []
    if hides := hidden_by(view_of(config), entry):
        lines.append(Line(hides, "HIDES"))
    pools = now.decision(who, entry.path).pools
    through = f", with pool {listed(pools)}" if pools else ""
    lines.append(Line(f"{_amount(config, has, entry.path)} for {who} here{through}.", "Effect"))
    lines.append(_without(config, has, would, entry.path))
    return lines


def _without(config: UserConfig, has: frozenset[str], would: frozenset[str], path: str) -> Line:
    then = "the same" if has == would else _amount(config, would, path)
    return Line(f"this line: {then}.", "Without")


def _amount(config: UserConfig, privileges: frozenset[str], path: str) -> str:
    """`use (10 privileges)`"""
    return f"{_may(config, privileges, path)} ({count_privileges(len(privileges))})"


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
