"""Datacenter, Permissions: the ACL as a list, or as a tree seen by one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pve_auth_tui.core.acltree import TreeRow, tree
from pve_auth_tui.core.listing import Column, Line, Listing, Row
from pve_auth_tui.core.lists.acl import ACL
from pve_auth_tui.core.snapshot import Snapshot
from screens.base import EVERYWHERE
from screens.choose import ChooseScreen
from screens.commands import Command, Commands, bindings
from screens.listing import OF_LISTS, Find, ListScreen, NextFinding, Open, Save, Views
from screens.pick import PickScreen

_TREE = "tree"
_EVERYBODY = "everybody"


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


_OF_TREE: Commands = (
    Open, Find, Views, NextFinding, Person, OpenBranch, CloseBranch, OpenAll, Save, *EVERYWHERE,
)  # fmt: skip


class AclScreen(ListScreen):
    """The list: one line per entry, as PVE's UI has it."""

    listing = ACL
    OFFERS: ClassVar[Commands] = OF_LISTS
    BINDINGS = bindings(OF_LISTS)

    def choose_view(self) -> None:
        """The views of the list, and the tree."""
        names = ["everything", _TREE, *(view.name for view in self.listing.views)]

        def chosen(index: int | None) -> None:
            if index is None:
                return
            if names[index] == _TREE:
                self.house.open_list(_TREE)
            else:
                self.open_view(names[index])

        at = names.index(self._view) if self._view in names else 0
        self.app.push_screen(ChooseScreen("View", names, at), chosen)


class AclTreeScreen(ListScreen):
    """The tree: what is inherited, and which entry decides. Core makes it, this folds it."""

    OFFERS: ClassVar[Commands] = _OF_TREE
    BINDINGS = bindings(_OF_TREE)

    listing = Listing(
        name="tree",
        title=ACL.title,
        noun=("path", "paths"),
        part="access",
        columns=(
            Column("Path", 24, grow=True),
            Column("Entry that counts here", 28, grow=True),
            Column("", 8),
            Column("May", 11),
        ),
        views=(),
        rows=ACL.rows,
        details=ACL.details,
        heading=ACL.heading,
        fields=("path", "may", "look"),
        commands=ACL.commands,
    )

    def __init__(self) -> None:
        super().__init__()
        self.person: str | None = None
        self._tree: tuple[TreeRow, ...] = ()
        self._folded: frozenset[int] | None = None

    @property
    def whole(self) -> str:
        return f"tree of {self.person or _EVERYBODY}"

    def make_rows(self, snapshot: Snapshot) -> Sequence[Row]:
        self._tree = tree(snapshot, self.person)
        if self._folded is None:
            self._folded = frozenset(
                at for at, row in enumerate(self._tree) if row.depth >= 1 and row.children > 12
            )
        return [self._row(at, row) for at, row in enumerate(self._tree)]

    def _row(self, at: int, row: TreeRow) -> Row:
        return Row(
            key=row.path,
            cells=(f"{row.label}  {row.about}".rstrip(), row.entry, row.note, row.may),
            fields={"path": row.path, "may": row.may, "look": "yes" if row.changes else "no"},
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
            hidden_below = row.depth if at in closed else -1
            shown.append(at)
        return shown

    def _show(self, message: ListScreen.Loaded) -> None:
        super()._show(message)
        self._narrow()

    @property
    def _at(self) -> int | None:
        key = self.table.key
        return next((at for at, row in enumerate(self._tree) if row.path == key), None)

    def open_branch(self, yes: bool) -> None:
        at = self._at
        if at is None:
            return
        closed = self._folded or frozenset()
        if yes:
            self._folded = closed - {at}
        elif self._tree[at].children and at not in closed:
            self._folded = closed | {at}
        elif (parent := self._tree[at].parent) is not None:
            self.table.go_to(self._tree[parent].path)
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
        self.person = person
        if self._snapshot is not None:
            self._make_rows(self._snapshot)

    def choose_view(self) -> None:
        self.house.open_list("acl")

    def details(self) -> tuple[str, Sequence[Line]]:
        at = self._at
        if at is None:
            return super().details()
        row = self._tree[at]
        return row.path, row.details

    def words_for_prompt(self) -> list[str]:
        return [command.name for command in self.OFFERS]
