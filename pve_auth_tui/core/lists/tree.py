"""Datacenter, Permissions: the ACL as a tree, one row per path."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.acltree import TreeRow, tree
from pve_auth_tui.core.listing import Column, Line, Listing, Row
from pve_auth_tui.core.lists.acl import ACL
from pve_auth_tui.core.lists.parts import GONE, look
from pve_auth_tui.core.snapshot import Snapshot

_COLUMNS = (
    Column("Path", 24, grow=True),
    Column("Entry that counts here", 28, grow=True),
    Column("", 8),
    Column("May", 11),
)


def as_row(row: TreeRow) -> Row:
    """A row of the tree, whoever's eyes it is seen with, as a row of the list."""
    return Row(
        key=row.path,
        cells=(f"{row.label}  {row.about}".rstrip(), row.entry, row.note, row.may),
        fields={"path": row.path.casefold(), "may": row.may, "look": look(row.changes)},
    )


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    return [as_row(row) for row in tree(snapshot, None)]


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    return next((row.details for row in tree(snapshot, None) if row.path == key), GONE)


def _heading(snapshot: Snapshot, key: str) -> str:
    return key


def _commands(key: str) -> Sequence[str]:
    return ("pveum acl list",)


TREE = Listing(
    name="tree",
    title=ACL.title,
    noun=("path", "paths"),
    part="access",
    columns=_COLUMNS,
    views=(),
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=("path", "may", "look"),
    commands=_commands,
)
"""As everybody together sees it; for one person, make the rows of `tree` with `as_row`."""
