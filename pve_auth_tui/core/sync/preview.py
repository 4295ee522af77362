"""What a sync would make of users and groups, told before it is run.

Made of what a directory was seen to hold and of a picture of PVE; the picture after the sync is
that of `core.predict`, so that a preview and the plan of the same sync never differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from pve_auth_tui.core.accessdata import Group, User, UserConfig
from pve_auth_tui.core.finding import Finding, Word
from pve_auth_tui.core.predict.syncs import takes_for_its_own
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.found import Found, Skipped, SyncOptions
from pve_auth_tui.core.words import listed

What: TypeAlias = Literal["added", "changed", "removed", "skipped", "same"]

TITLES: Final[Mapping[What, str]] = {
    "added": "Added",
    "changed": "Changed",
    "removed": "Removed",
    "skipped": "Skipped",
    "same": "Same",
}
FIELDS: Final[Mapping[str, str]] = {
    "enable": "Enabled",
    "expire": "Expire",
    "firstname": "First Name",
    "lastname": "Last Name",
    "email": "E-Mail",
    "comment": "Comment",
    "keys": "Key IDs",
}
"""Field of a user -> PVE's word for it."""


class Change(NamedTuple):
    """A field by PVE's word (`E-Mail`), untrusted values before and after. Of a group's members:
    who leaves it, and who joins it.
    """

    field: str
    old: str
    new: str


class Row(NamedTuple):
    """A user, group or entry of the directory; `text`: why it is skipped, what goes or stays with
    it. Name and text are untrusted.
    """

    name: str
    changes: tuple[Change, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """Users, or groups. `synced`: the sync writes them at all. `known`: how many PVE has of the
    realm now; `vanished`: of those, who is gone from the directory, whether removed or not.
    `values`: of users who are taken, what PVE does not take of them.
    """

    synced: bool = True
    added: tuple[Row, ...] = field(default=(), repr=False)
    changed: tuple[Row, ...] = field(default=(), repr=False)
    removed: tuple[Row, ...] = field(default=(), repr=False)
    skipped: tuple[Row, ...] = field(default=(), repr=False)
    values: tuple[Row, ...] = field(default=(), repr=False)
    vanished: tuple[str, ...] = field(default=(), repr=False)
    same: int = 0
    known: int = 0

    def rows(self, what: What) -> tuple[Row, ...]:
        """Those who stay the same are only counted."""
        rows: tuple[Row, ...] = () if what == "same" else getattr(self, what)
        return rows

    def count(self, what: What) -> int:
        return self.same if what == "same" else len(self.rows(what))


class Line(NamedTuple):
    """A line of the table: how many users and groups, and what is to be said of it."""

    what: What
    users: int
    groups: int
    word: Word = "-"
    text: str = ""


class Choice(NamedTuple):
    """One of what Remove Vanished can take: `taken` in this run, `usual`: by the realm's default;
    `text`: what it does to this realm, or would do.
    """

    name: str
    taken: bool
    usual: bool
    text: str


@dataclass(frozen=True)
class Preview:
    """`lines` are the table; `meaning`: BAD, then LOOK, then ok; `notes`: the same without what
    every plan tells by itself. `refusal`: why such a sync is not
    run, "" if nothing is against it; `word`: what has to be typed for it, "" for nothing special;
    `limit`: the sentence about that. `before` and `after` are the pictures.
    """

    realm: str
    options: SyncOptions
    found: Found = field(repr=False)
    users: Side
    groups: Side
    heading: str
    lines: tuple[Line, ...]
    meaning: tuple[Finding, ...]
    choices: tuple[Choice, ...]
    refusal: str
    word: str
    limit: str
    before: Snapshot = field(repr=False, compare=False)
    after: Snapshot = field(repr=False, compare=False)
    notes: tuple[Finding, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        return self.before is self.after or not any(
            getattr(side, what)
            for side in (self.users, self.groups)
            for what in ("added", "changed", "removed")
        )


class Compared(NamedTuple):
    """Users and groups before and after a sync, and what differs."""

    old: UserConfig
    new: UserConfig
    found: Found
    options: SyncOptions
    users: Side
    groups: Side


def compared(old: UserConfig, new: UserConfig, found: Found, options: SyncOptions) -> Compared:
    """One by one."""
    users, groups = _users(old, new, found, options), _groups(old, new, found, options)
    return Compared(old, new, found, options, users, groups)


def _users(old: UserConfig, new: UserConfig, found: Found, options: SyncOptions) -> Side:
    own = takes_for_its_own(found.realm, "user").search
    known = [userid for userid in old.users if own(userid)]
    skipped, values = (tuple(_skipped(found.skipped, kind)) for kind in ("user", "value"))
    if not options.users:
        return Side(False, known=len(known))
    vanished = tuple(sorted(userid for userid in known if userid not in found.users))
    added, changed, same = [], [], 0
    for userid in sorted(found.users):
        was, now = old.users.get(userid), new.users[userid]
        if was is None:
            added.append(Row(userid, text=_who(now)))
        elif changes := tuple(user_changes(was, now)):
            changed.append(Row(userid, changes))
        else:
            same += 1
    gone = [userid for userid in vanished if userid not in new.users]
    removed = tuple(Row(userid, text=_who(old.users[userid])) for userid in gone)
    return Side(
        True,
        tuple(added),
        tuple(changed),
        removed,
        skipped,
        values,
        vanished,
        same,
        len(known),
    )


def _groups(old: UserConfig, new: UserConfig, found: Found, options: SyncOptions) -> Side:
    own = takes_for_its_own(found.realm, "group").search
    known = [name for name in old.groups if own(name)]
    if not options.groups:
        return Side(False, known=len(known))
    vanished = tuple(sorted(name for name in known if name not in found.groups))
    added, changed, same = [], [], 0
    for name in sorted(found.groups):
        was, now = old.groups.get(name), new.groups[name]
        if was is None:
            added.append(Row(name, text=_members(now)))
        elif changes := tuple(_group_changes(was, now)):
            changed.append(Row(name, changes))
        else:
            same += 1
    gone = [name for name in vanished if name not in new.groups]
    return Side(
        True,
        tuple(added),
        tuple(changed),
        tuple(Row(name, text=_members(old.groups[name])) for name in gone),
        tuple(_skipped(found.skipped, "group")),
        (),
        vanished,
        same,
        len(known),
    )


def _skipped(found: Sequence[Skipped], kind: str) -> Iterator[Row]:
    return (Row(one.name, text=one.why) for one in found if one.kind == kind)


def user_changes(old: User, new: User) -> Iterator[Change]:
    """Key IDs may hold old secrets: only whether there are any is told."""
    if old is new:
        return
    for name, title in FIELDS.items():
        was, now = getattr(old, name), getattr(new, name)
        if was == now or not (was or now):
            continue
        if name == "keys":
            had, has = old.has_old_keys, new.has_old_keys
            if had or has:  # else it is PVE's own mark, which says nothing since 8.0.4
                again = "set anew" if had else "set"
                yield Change(title, "set" if had else "", again if has else "")
        elif name == "enable":
            yield Change(title, "yes" if was else "no", "yes" if now else "no")
        else:
            yield Change(title, str(was or ""), str(now or ""))


def _group_changes(old: Group, new: Group) -> Iterator[Change]:
    if old.members != new.members:
        was, now = set(old.members), set(new.members)
        yield Change("Members", listed(sorted(was - now)), listed(sorted(now - was)))
    if (old.comment or "") != (new.comment or ""):
        yield Change("Comment", old.comment or "", new.comment or "")


def _who(user: User) -> str:
    name = " ".join(filter(None, (user.firstname, user.lastname)))
    return ", ".join(filter(None, (name, user.email, "" if user.enable else "disabled")))


def _members(group: Group) -> str:
    return listed(group.members) or "no members"
