"""Datacenter, Permissions, Pools."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.find import field_value
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, guest_name, look
from pve_auth_tui.core.perltext import shown_number
from pve_auth_tui.core.snapshot import Inventory, Snapshot
from pve_auth_tui.core.userconfig import Pool, UserConfig
from pve_auth_tui.core.words import count_words, listed, thousands, yes_no

_COLUMNS = (
    Column("Name", 26, grow=True),
    Column("Comment", 30, grow=True),
    Column("Guests", 6),
    Column("Stores", 6),
    Column("Members", 40, grow=True, wide=True),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("empty", "members:none"),
    View("nested in another", "nested:yes"),
    View("in no ACL entry", "acl:no"),
)
_FIELDS = ("pool", "comment", "guest", "store", "members", "nested", "acl", "look")


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    config = snapshot.access.value
    if config is None:
        return ()
    levels = acl_index(config).levels
    rows = []
    for name in sorted(config.pools):
        pool = config.pools[name]
        vms = [str(vmid) for vmid in pool.vms]
        cells = (
            name,
            pool.comment or "",
            thousands(len(pool.vms)),
            thousands(len(pool.storage)),
            ", ".join((*vms, *pool.storage)),
        )
        fields = {
            "pool": name.casefold(),
            "comment": cells[1].casefold(),
            "guest": " ".join(vms),
            "store": field_value(pool.storage),
            "members": "some" if vms or pool.storage else "none",
            "nested": yes_no("/" in name),
            "acl": yes_no(f"/pool/{name}" in levels),
            "look": look(_strangers(snapshot.inventory.value, pool)),
        }
        sort = (name, cells[1], len(pool.vms), len(pool.storage))
        rows.append(Row(name, cells, fields, sort))
    return rows


def _strangers(inventory: Inventory | None, pool: Pool) -> list[str]:
    """Members that are no guest of this cluster; empty while the guests are not known."""
    if inventory is None or not inventory.guests:
        return []
    return [str(vmid) for vmid in pool.vms if vmid not in inventory.guests]


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    config = snapshot.access.value
    pool = config.pools.get(key) if config else None
    if config is None or pool is None:
        return GONE
    names = [
        f"{vmid} {guest_name(snapshot, f'/vms/{vmid}')}".rstrip()
        for vmid in map(shown_number, pool.vms[:8])
    ]
    guests = count_words(len(pool.vms), "guest", "guests")
    if len(pool.vms) > len(names):
        names.append(f"{len(pool.vms) - len(names)} more")
    lines = [Line(f"{guests}{': ' if names else ''}{', '.join(names)}", "Guests")]
    stores = count_words(len(pool.storage), "store", "stores")
    if pool.storage:
        stores += f": {listed(pool.storage, 8)}"
    lines.append(Line(stores, "Stores"))
    if gone := _strangers(snapshot.inventory.value, pool):
        lines.append(Line(f"{listed(gone)}: no such guest", "Gone", "LOOK"))
    lines += _rights_lines(config, key)
    below = [other for other in acl_index(config).pools_below[f"/pool/{key}"] if other != key]
    if below:
        lines.append(Line(f"{listed(sorted(below), 6)}; rights here reach them, too", "Below"))
    if pool.comment:
        lines.append(Line(pool.comment, "Comment"))
    return lines


def _rights_lines(config: UserConfig, name: str) -> list[Line]:
    """Entries on the pool's own path; members get these roles in addition to their own."""
    level = acl_index(config).levels.get(f"/pool/{name}", {})
    given = [f"{subject} {entry.role}" for subject, here in level.items() for entry in here]
    return [Line(listed(given, 6) or "no entry on the pool itself", "Rights")]


def _heading(snapshot: Snapshot, key: str) -> str:
    return f"/pool/{key}"


def _commands(key: str) -> Sequence[str]:
    return ("pveum pool list", f"pvesh get /pools --poolid {key}")


POOLS = Listing(
    name="pools",
    title="Pools",
    noun=("pool", "pools"),
    part="access",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
