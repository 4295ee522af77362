"""The ACL as a tree: for everybody, or what one person may do and which entry decides.

Shown are the top paths, every path with an entry (for that person), every pool, and the
guests and stores where a pool adds something for that person. Guests without a row of their
own are summed up in one row (`209 more`).

Notes for a person compare a path with what its parent passes on:
BLOCKS   NoAccess stands here, nothing is left
SHRINKS  something from further up is missing here (even if something else is added)
ADDS     there is more than from further up
For everybody the note is the most important one of the entries on the path (core.aclnotes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pve_auth_tui.core import aclnotes
from pve_auth_tui.core.accessdata import ADMINISTRATOR, NO_ACCESS, ROOT
from pve_auth_tui.core.aclindex import (
    AclIndex,
    Ranks,
    acl_index,
    parents,
    permissions_of,
)
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.may import may, place_of
from pve_auth_tui.core.pathtree import member_paths
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import AclEntry, UserConfig
from pve_auth_tui.core.words import count_privileges, count_words, listed, natural_order, thousands

BLOCKS = "BLOCKS"
SHRINKS = "SHRINKS"
ADDS = "ADDS"

_TOP = ("/", "/access", "/access/groups", "/nodes", "/pool", "/storage", "/vms")
_MORE = "/vms/*"  # the row that sums up; no ACL path can hold a star
_SHOWN_ENTRIES = 8
_NOTE_ORDER = (
    aclnotes.GHOST, aclnotes.IS_ROOT, aclnotes.BLOCKS, aclnotes.CAPPED, aclnotes.UNUSED,
    aclnotes.REPLACES, aclnotes.POOL, aclnotes.HIDDEN,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row, in the order drawn.

    `label` begins with the branches of the tree; `about` says more about the path. `parent`
    is the index of the parent's row, `children` how many rows stand directly below. `may`
    is empty in the tree for everybody. `changes`: worth going to with `n`.
    """

    path: str
    depth: int
    label: str
    about: str
    entry: str
    note: str
    may: str
    parent: int | None
    children: int
    changes: bool
    details: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """What a row says beside its place in the tree."""

    entry: str
    note: str = ""
    may: str = ""
    details: tuple[Line, ...] = ()


def tree(snapshot: Snapshot, person: str | None) -> tuple[TreeRow, ...]:
    """The rows from / down, for a userid or full token id, or for everybody (None)."""
    config = snapshot.access.value
    if config is None:
        return ()
    view = _Everybody(config) if person is None else _Person(config, person)
    inventory = snapshot.inventory.value
    guests = inventory.guests if inventory else {}
    paths = {*_TOP, *(f"/pool/{pool}" for pool in config.pools), *view.paths()}
    paths.update([parent for path in list(paths) for parent in parents(path)])
    hidden = [vmid for vmid in guests if f"/vms/{vmid}" not in paths]
    if hidden:
        paths.add(_MORE)
    names = {
        f"/vms/{vmid}": f"{vmid} {guests[vmid].name}".rstrip()
        for vmid in guests
        if f"/vms/{vmid}" in paths
    }
    names[_MORE] = f"{thousands(len(hidden))} more"
    about = {"/vms": count_words(len(guests), "guest", "guests")} if guests else {}
    if inventory and inventory.storages:
        about["/storage"] = count_words(len(inventory.storages), "store", "stores")
    return _drawn(paths, view, names, about)


def path_of(row: str) -> str:
    """The ACL path of a row; the one that sums up stands for what they inherit."""
    return "/vms" if row == _MORE else row


def entries_here(snapshot: Snapshot, path: str, person: str | None) -> tuple[AclEntry, ...]:
    """The entries on a path: all, or those of a userid or full token id and of its groups."""
    config = snapshot.access.value
    if config is None:
        return ()
    index = acl_index(config)
    level = index.levels.get(path, {})
    if person is None:
        return tuple(_on(level))
    subjects = [subject for rank in _ranks(config, index, person) for subject in rank]
    return tuple(entry for subject in subjects for entry in level.get(subject, ()))


def _drawn(
    paths: Iterable[str],
    view: _Everybody | _Person,
    names: Mapping[str, str],
    about: Mapping[str, str],
) -> tuple[TreeRow, ...]:
    below: dict[str, list[str]] = {}
    for path in paths:
        if path != "/":
            below.setdefault(path.rpartition("/")[0] or "/", []).append(path)
    rows: list[TreeRow] = []
    # (path, branches in front of the children's own, own branch, parent's index, depth)
    waiting: list[tuple[str, str, str, int | None, int]] = [("/", "", "", None, 0)]
    while waiting:
        path, lead, branch, parent, depth = waiting.pop()
        children = sorted(
            below.get(path, ()), key=lambda each: (each == _MORE, natural_order(each))
        )
        cell = view.cell(path_of(path), inherited=path == _MORE)
        rows.append(
            TreeRow(
                path,
                depth,
                branch + names.get(path, path.rpartition("/")[2] or "/"),
                about.get(path, ""),
                cell.entry,
                cell.note,
                cell.may,
                parent,
                len(children),
                bool(cell.note),
                cell.details,
            )
        )
        at = len(rows) - 1
        for child in reversed(children):
            last = child is children[-1]
            waiting.append(
                (child, lead + ("  " if last else "│ "), lead + ("└ " if last else "├ "), at,
                 depth + 1)
            )  # fmt: skip
    return tuple(rows)


class _Everybody:
    """All entries on a path, with the most important note."""

    def __init__(self, config: UserConfig) -> None:
        self._levels = acl_index(config).levels
        self._notes = aclnotes.notes(config)

    def paths(self) -> Iterable[str]:
        return self._levels

    def cell(self, path: str, *, inherited: bool) -> _Cell:
        entries = [] if inherited else _on(self._levels.get(path, {}))
        if not entries:
            return _Cell("-", details=(Line("no entry here: what is further up counts"),))
        notes = [note for entry in entries for note in self._notes.get(entry, ())]
        note = min(notes, key=_NOTE_ORDER.index, default="")
        return _Cell(_shown(entries), note, "", tuple(self._lines(entries)))

    def _lines(self, entries: Sequence[AclEntry]) -> Iterable[Line]:
        for entry in entries[:_SHOWN_ENTRIES]:
            notes = "".join(f"  {note}" for note in self._notes.get(entry, ()))
            kept = "" if entry.propagate else ", not propagated"
            yield Line(f"{entry.shown_subject} {entry.role}{kept}{notes}")
        if len(entries) > _SHOWN_ENTRIES:
            yield Line(f"and {thousands(len(entries) - _SHOWN_ENTRIES)} more")


class _Person:
    """What one user or token may do on a path, and why."""

    def __init__(self, config: UserConfig, person: str) -> None:
        self._config = config
        self._person = person
        self._index = acl_index(config)
        self._engine = permissions_of(config)
        self._ranks = _ranks(config, self._index, person)
        role = config.roles.get(ADMINISTRATOR)
        self._everything = role.privs if role else frozenset()

    def paths(self) -> Iterable[str]:
        """The paths with entries for the person, and the members where pools add something."""
        for rank in self._ranks:
            for subject in rank:
                yield from (entry.path for entry in self._index.by_subject.get(subject, ()))
        for pool in self._config.pools.values():
            if self._engine.privileges(self._person, f"/pool/{pool.id}"):
                for path in member_paths(pool):
                    parent = path.rpartition("/")[0]
                    if self._has(path) != self._passed_on(parent):
                        yield path

    def cell(self, path: str, *, inherited: bool) -> _Cell:
        above = frozenset() if path == "/" else self._passed_on(path.rpartition("/")[0] or "/")
        if inherited:
            has = self._passed_on(path)
            return _Cell("inherited", may=may(has, self._everything, place_of(path)))
        has = self._has(path)
        entries = () if self._is_root else self._index.on_path(self._ranks, path)
        denied = any(entry.role == NO_ACCESS for entry in entries)
        note = ""
        if path != "/":
            if denied and not has:
                note = BLOCKS
            elif above - has:
                note = SHRINKS
            elif has - above:
                note = ADDS
        word = may(has, self._everything, place_of(path))
        pools = self._engine.decision(self._person, path).pools if self._member(path) else ()
        details = tuple(self._lines(path, entries, pools, has))
        return _Cell(self._entry(path, entries, pools, has), note, word, details)

    @property
    def _is_root(self) -> bool:
        return bool(self._ranks) and ROOT in self._ranks[0]

    def _entry(
        self, path: str, entries: Sequence[AclEntry], pools: Sequence[str], has: frozenset[str]
    ) -> str:
        if self._is_root and path == "/":
            return ROOT
        if entries:
            return _shown(entries)
        if pools and has != self._passed_on(path.rpartition("/")[0]):
            return f"through pool {listed(pools)}"
        return "inherited" if has else "-"

    def _lines(
        self, path: str, entries: Sequence[AclEntry], pools: Sequence[str], has: frozenset[str]
    ) -> Iterable[Line]:
        if self._is_root:
            yield Line("root@pam may do everything, whatever the ACL says.")
            return
        above = self._index.further_up(self._ranks, path)
        if any(entry.role == NO_ACCESS for entry in entries):
            denying = listed([e.shown_subject for e in entries if e.role == NO_ACCESS])
            yield Line(f"NoAccess of {denying} on this path wins over every other role here.")
        elif entries:
            yield Line(f"{_long(entries)} on this path counts here.", "Decides")
        elif above:
            yield Line(f"{_long(above)} on {above[0].path}, inherited.", "Decides")
        if entries and above:
            yield Line(f"{_long(above)} on {above[0].path}.", "Replaced")
        if pools:
            yield Line(f"{listed(pools)} adds roles here, which do not propagate.", "Pool")
        shown = f": {listed(sorted(has), 6)}" if has else ""
        yield Line(f"{count_privileges(len(has))}{shown}.", "Has")
        others = [entry for entry in _on(self._index.levels.get(path, {})) if entry not in entries]
        if others:
            yield Line(_long(others), "Others")

    def _has(self, path: str) -> frozenset[str]:
        return frozenset(self._engine.privileges(self._person, path))

    def _passed_on(self, path: str) -> frozenset[str]:
        """What propagates from a path."""
        flags = self._engine.privileges(self._person, path)
        return frozenset(privilege for privilege, propagates in flags.items() if propagates)

    def _member(self, path: str) -> bool:
        return path in self._index.pools_of


def _ranks(config: UserConfig, index: AclIndex, person: str) -> Ranks:
    """Whose entries count for a user, or for a token with or without separation."""
    userid, _, name = person.rpartition("!")
    user = config.users.get(userid)
    token = user.tokens.get(name) if user else None
    if token is None:
        return index.ranks("user", person)
    return index.ranks("token", person) if token.privsep else index.ranks("user", userid)


def _on(level: Mapping[str, Sequence[AclEntry]]) -> list[AclEntry]:
    return [entry for entries in level.values() for entry in entries]


def _shown(entries: Sequence[AclEntry]) -> str:
    """`@ops-corp PVEVMUser`, and how many more."""
    more = f" +{len(entries) - 1}" if len(entries) > 1 else ""
    return f"{entries[0].shown_subject} {entries[0].role}{more}"


def _long(entries: Sequence[AclEntry]) -> str:
    return listed([f"{entry.shown_subject} {entry.role}" for entry in entries], 4)
