"""Datacenter, Permissions: the ACL as a list, or as a tree seen by one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from pve_auth_tui.core.acltree import TreeRow, entries_here, path_of, tree
from pve_auth_tui.core.listing import Line, Row
from pve_auth_tui.core.lists.acl import ACL, entry_key, entry_of
from pve_auth_tui.core.lists.tree import TREE, as_row
from pve_auth_tui.core.objects import Key, acl_key
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import AclEntry
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Command, Commands
from screens.list_commands import (
    Add,
    ChangeOfRow,
    Find,
    NextFinding,
    Open,
    Save,
    Views,
    WhoCan,
    Why,
)
from screens.listing import ListScreen
from screens.pick import PickScreen
from widgets.field import Choice

_EVERYBODY = "everybody"
_MANY = 12  # rows below one path, from which on they are folded at first


class Person(Command["AclTreeScreen"]):
    """Shows the tree as one person sees it, or for everybody."""

    keys, shown, word, name = "p", "p", "person", "person"

    @classmethod
    def run(cls, screen: AclTreeScreen) -> None:
        screen.choose_person()


class OpenBranch(Command["AclTreeScreen"]):
    """Opens the branch."""

    keys, shown, word, name = "right", "right", "", "unfold"

    @classmethod
    def run(cls, screen: AclTreeScreen) -> None:
        screen.open_branch(True)


class CloseBranch(Command["AclTreeScreen"]):
    """Closes the branch, or goes up to it."""

    keys, shown, word, name = "left", "left", "", "fold"

    @classmethod
    def run(cls, screen: AclTreeScreen) -> None:
        screen.open_branch(False)


class OpenAll(Command["AclTreeScreen"]):
    """Opens all branches."""

    keys, shown, word, name = "asterisk", "*", "", "unfold-all"

    @classmethod
    def run(cls, screen: AclTreeScreen) -> None:
        screen.open_all()


class NextHere(NextFinding):
    """Goes to the next path whose entry changes something."""

    word = "next"


class AddHere(Add):
    """Adds permissions on the row's path: for groups, users and API tokens at once."""


class RemoveHere(ChangeOfRow["AclTreeScreen"]):
    """Removes entries on the row's path: shows the plan of it first."""

    keys, shown, word, name = "d", "d", "remove", "remove"

    @classmethod
    def run(cls, screen: AclTreeScreen) -> None:
        screen.remove_here()


_OF_TREE: Commands = (
    Open, Find, Views, NextHere, Person, AddHere, RemoveHere, Why, WhoCan, OpenBranch,
    CloseBranch, OpenAll, Save, *EVERYWHERE,
)  # fmt: skip
_KINDS_TO_ADD = (
    ("Group Permission", "groups"),
    ("User Permission", "users"),
    ("API Token Permission", "tokens"),
)


class _Permissions(ListScreen):
    """What list and tree have in common."""

    def add_on(self, paths: Sequence[str]) -> None:
        """PVE's menu; the form then takes all three kinds at once."""
        from screens.acl_form import AclForm

        def chosen(index: int | None) -> None:
            if index is not None:
                self.app.push_screen(AclForm(paths, _KINDS_TO_ADD[index][1], self.changed))

        self.app.push_screen(ChooseScreen("Add", [shown for shown, _ in _KINDS_TO_ADD]), chosen)


class AclScreen(_Permissions):
    """The list: one line per entry, as PVE's UI has it."""

    listing = ACL

    def add_row(self) -> None:
        """Begins with the paths of the rows that keys act on."""
        self.add_on(tuple(dict.fromkeys(map(self.place_of, self.acted_on))))

    def edit_rows(self) -> None:
        from screens.acl_edit_form import AclEditForm

        self.app.push_screen(AclEditForm(self.objects(self.acted_on), self.changed))

    def subject_of(self, key: str) -> str:
        entry = self._entry(key)
        return entry.subject if entry and entry.kind != "group" else ""

    def place_of(self, key: str) -> str:
        entry = self._entry(key)
        return entry.path if entry else "/"

    def _entry(self, key: str) -> AclEntry | None:
        return entry_of(self.house.snapshot, key) if self.house.snapshot else None

    @property
    def view_names(self) -> list[str]:
        """The views of the list, and the tree."""
        everything, *selections = super().view_names
        return [everything, TREE.name, *selections]

    def object_of(self, key: str) -> Key:
        entry = self._entry(key)
        return acl_key(entry) if entry else Key("acl", key)

    def open_view(self, name: str) -> None:
        if name == TREE.name:
            self.house.open_list(TREE.name)
        else:
            super().open_view(name)


class _TreeRows(list[Row]):
    """The rows of the list with the tree that they were made from."""

    def __init__(self, tree: tuple[TreeRow, ...]) -> None:
        super().__init__(map(as_row, tree))
        self.tree = tree


class AclTreeScreen(_Permissions):
    """The tree: what is inherited, and which entry decides. Core makes it, this folds it."""

    listing = TREE
    OFFERS: ClassVar[Commands] = _OF_TREE

    def __init__(self) -> None:
        super().__init__()
        self.person: str | None = None
        self._tree: tuple[TreeRow, ...] = ()
        self._folded: frozenset[str] | None = None  # paths

    def on_mount(self) -> None:
        self.table.narrow(self._select)

    @property
    def whole(self) -> str:
        return f"tree of {self.person or _EVERYBODY}"

    def make_rows(self, snapshot: Snapshot) -> Sequence[Row]:
        return _TreeRows(tree(snapshot, self.person))

    def rows_made(self, rows: Sequence[Row]) -> None:
        self._tree = cast(_TreeRows, rows).tree
        if self._folded is None:
            self._folded = frozenset(
                row.path for row in self._tree if row.depth >= 1 and row.children > _MANY
            )

    def _narrow(self) -> None:
        """What the words select, within the branches that are open."""
        self.table.narrow(self._select)
        self._show_counts()

    def _select(self, rows: Sequence[Row], haystacks: Sequence[str]) -> Sequence[int]:
        if self._query.text:
            return self._query.select(rows, haystacks)
        closed, shown, hidden_below = self._folded or frozenset(), [], -1
        for at, row in enumerate(self._tree):
            if 0 <= hidden_below < row.depth:
                continue
            hidden_below = row.depth if row.path in closed else -1
            shown.append(at)
        return shown

    @property
    def _row(self) -> TreeRow | None:
        key = self.table.key
        return next((row for row in self._tree if row.path == key), None)

    def open_branch(self, yes: bool) -> None:
        row = self._row
        if row is None:
            return
        closed = self._folded or frozenset()
        if yes:
            self._folded = closed - {row.path}
        elif row.children and row.path not in closed:
            self._folded = closed | {row.path}
        elif row.parent is not None:
            self.table.go_to(self._tree[row.parent].path)
        self._narrow()

    def open_all(self) -> None:
        self._folded = frozenset()
        self._narrow()

    def choose_person(self) -> None:
        """`p`: whose eyes."""
        names = [_EVERYBODY, *self.house.names_for_prompt()]

        def chosen(name: str | None) -> None:
            if name is not None:
                self.see_as(None if name == _EVERYBODY else name)

        self.app.push_screen(PickScreen("Tree as seen by", names), chosen)

    def see_as(self, person: str | None) -> None:
        self.person, self._folded = person, None  # what is large for one is not for another
        if self._snapshot is not None:
            self._make_rows(self._snapshot)

    def choose_view(self) -> None:
        self.house.open_list("acl")

    def subject_of(self, key: str) -> str:
        return self.person or ""

    def place_of(self, key: str) -> str:
        return path_of(key)

    def add_row(self) -> None:
        self.add_on([self.place_of(self.table.key or "/")])

    def remove_here(self) -> None:
        """`d`: the entry on the row's path; of several those that are picked."""
        from pve_auth_tui.core.intents.removal import remove
        from screens.pick_many import PickManyScreen

        snapshot, path = self.house.snapshot, self.place_of(self.table.key or "/")
        entries = entries_here(snapshot, path, self.person) if snapshot else ()
        keys = {entry_key(entry).partition(" ")[2]: acl_key(entry) for entry in entries}

        def picked(names: tuple[str, ...] | None) -> None:
            if names:
                self.house.review(remove([keys[name] for name in names]), self.changed)

        if not keys:
            whose = f" for {self.person}" if self.person else ""
            self.say(f"No entry{whose} stands on {path}: what is further up counts.")
        elif len(keys) == 1:
            picked(tuple(keys))
        else:
            choices = [Choice(name) for name in keys]
            self.app.push_screen(PickManyScreen(f"Remove on {path}", choices, ()), picked)

    def details(self) -> tuple[str, Sequence[Line]]:
        row = self._row
        return (row.path, row.details) if row else super().details()
