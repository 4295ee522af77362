"""The rows of all lists in one, to find anything by name."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.finding import Target
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists import LISTINGS, listing
from pve_auth_tui.core.lists.tfa import IDP, NONE
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed

_GUESTS = "guests"
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
            if row.fields.get("type") in (IDP, NONE):
                continue  # who has no second factor is found among the users
            rest = "  ".join(cell for cell in row.cells[1:] if cell)
            cells = (each.title, row.cells[0], rest)
            rows.append(Row(f"{each.name}{_BETWEEN}{row.key}", cells, {"list": each.name}))
    inventory = snapshot.inventory.value
    for guest in inventory.guests.values() if inventory else ():
        cells = ("Guest", f"{guest.vmid} {guest.name}".rstrip(), f"{guest.type} on {guest.node}")
        rows.append(Row(f"{_GUESTS}{_BETWEEN}{guest.vmid}", cells, {"list": _GUESTS}))
    return rows


def target(key: str) -> Target:
    """Where Enter leads: the row in its own list; a guest's ACL entries."""
    name, row = split_key(key)
    if name == _GUESTS:
        return Target("acl", query=f"path:/vms/{row}")
    return Target(name, row)


def _guest_details(snapshot: Snapshot, vmid: int) -> Sequence[Line]:
    inventory, config = snapshot.inventory.value, snapshot.access.value
    guest = inventory.guests.get(vmid) if inventory else None
    if guest is None or config is None:
        return ()
    pools = [pool.id for pool in config.pools.values() if vmid in pool.vms]
    entries = [entry for entry in config.acl if entry.path == f"/vms/{vmid}"]
    return (
        Line(f"{guest.type} on {guest.node}, in {listed(pools) or 'no pool'}"),
        Line(count_words(len(entries), "entry", "entries") + " on its own path", "ACL"),
    )


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    name, row = split_key(key)
    if name == _GUESTS:
        return _guest_details(snapshot, int(row))
    return listing(name).details(snapshot, row, now)


def _heading(snapshot: Snapshot, key: str) -> str:
    name, row = split_key(key)
    if name == _GUESTS:
        return f"Guest: /vms/{row}"
    return f"{listing(name).title}: {listing(name).heading(snapshot, row)}"


def _commands(key: str) -> Sequence[str]:
    name, row = split_key(key)
    return () if name == _GUESTS else listing(name).commands(row)


ANYTHING = Listing(
    name="anything",
    title="Anything",
    noun=("row", "rows"),
    part="access",
    columns=(Column("List", 11), Column("Name", 26, grow=True), Column("", 30, grow=True)),
    views=(
        *(View(each.title, f"list:{each.name}") for each in LISTINGS),
        View("Guests", f"list:{_GUESTS}"),
    ),
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=("list",),
    commands=_commands,
)
