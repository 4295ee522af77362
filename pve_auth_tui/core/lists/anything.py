"""The rows of all lists in one, to find anything by name."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists import LISTINGS, listing
from pve_auth_tui.core.snapshot import Snapshot

_BETWEEN = "\x1f"  # in no name of PVE's: userids, groups, roles and paths are printable


def split_key(key: str) -> tuple[str, str]:
    """The name of the list and the key of the row there."""
    name, _, row = key.partition(_BETWEEN)
    return name, row


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    rows: list[Row] = []
    for each in LISTINGS:
        if snapshot.parts[each.part].value is None:
            continue
        for row in each.rows(snapshot, now):
            rest = "  ".join(cell for cell in row.cells[1:] if cell)
            cells = (each.title, row.cells[0], rest)
            rows.append(Row(f"{each.name}{_BETWEEN}{row.key}", cells, {"list": each.name}))
    return rows


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    name, row = split_key(key)
    return listing(name).details(snapshot, row, now)


def _heading(snapshot: Snapshot, key: str) -> str:
    name, row = split_key(key)
    return f"{listing(name).title}: {listing(name).heading(snapshot, row)}"


def _commands(key: str) -> Sequence[str]:
    name, row = split_key(key)
    return listing(name).commands(row)


ANYTHING = Listing(
    name="anything",
    title="Anything",
    noun=("row", "rows"),
    part="access",
    columns=(Column("List", 11), Column("Name", 26, grow=True), Column("", 30, grow=True)),
    views=tuple(View(each.title, f"list:{each.name}") for each in LISTINGS),
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=("list",),
    commands=_commands,
)
