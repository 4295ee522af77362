"""Two roles side by side."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.accessdata import Role
from pve_auth_tui.core.listing import Row
from pve_auth_tui.core.privileges import differences, meaning
from pve_auth_tui.core.words import count_privileges

BOTH = "both"


def diff_rows(one: Role, other: Role, *, everything: bool = True) -> Sequence[Row]:
    """One for each privilege, category by category: what differs first, then, unless that is left
    out, what both have. Cells: the privilege, who holds it, what it allows.
    """
    found = differences(one.privs, other.privs)
    lists = [
        pair
        for each in found
        for pair in ((each.only_one, f"only {one.id}"), (each.only_other, f"only {other.id}"))
    ]
    if everything:
        lists += [(each.both, BOTH) for each in found]
    return [Row(priv, (priv, who, meaning(priv))) for privs, who in lists for priv in privs]


def diff_summary(one: Role, other: Role) -> str:
    """`PVEVMUser and PowerOnly: 8 only in PVEVMUser, 2 in both`."""
    pair = f"{one.id} and {other.id}"
    if one.privs == other.privs:
        return f"{pair}: the same {count_privileges(len(one.privs))}"
    counts = [
        (len(one.privs - other.privs), f"only in {one.id}"),
        (len(other.privs - one.privs), f"only in {other.id}"),
        (len(one.privs & other.privs), "in both"),
    ]
    return f"{pair}: {', '.join(f'{number} {where}' for number, where in counts if number)}"
