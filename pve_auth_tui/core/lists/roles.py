"""Datacenter, Permissions, Roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pve_auth_tui.core.accessdata import ADMINISTRATOR
from pve_auth_tui.core.aclnotes import ROOT_PRIVILEGES
from pve_auth_tui.core.find import field_value
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, look
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import Role, UserConfig
from pve_auth_tui.core.words import count_words, thousands, yes_no

_COLUMNS = (
    Column("Name", 18, grow=True),
    Column("Built-In", 8),
    Column("Used", 6),
    Column("Privileges", 37, grow=True),
)
_VIEWS = (
    View("made here", "builtin:no"),
    View("built in", "builtin:yes"),
    View("used", "used:yes"),
    View("not used", "used:no"),
    View("can lead to root", "root:yes"),
    View("loses privileges", "dropped:yes"),
    View("with a privilege", "priv:"),
)
_FIELDS = ("role", "builtin", "used", "priv", "root", "dropped", "look")


def holding(privilege: str) -> str:
    """What to find the roles with that hold a privilege, and not only a longer one."""
    return f'priv:"{privilege} "'


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    config = snapshot.access.value
    if config is None:
        return ()
    used = _used(config)
    rows = []
    for name in sorted(config.roles):
        role = config.roles[name]
        privileges = sorted(role.privs)
        number = used[name]
        leads = bool(ROOT_PRIVILEGES & role.privs)
        cells = (
            name,
            yes_no(role.special),
            thousands(number) if number else "-",
            ", ".join(privileges) or "none",
        )
        fields = {
            "role": name.casefold(),
            "builtin": cells[1],
            "used": yes_no(number > 0),
            "priv": f"{field_value(privileges)} ",  # the blank is for `holding`
            "root": yes_no(leads),
            "dropped": yes_no(bool(role.dropped)),
            "look": look(_is_empty(role) or role.dropped or (leads and not role.special)),
        }
        rows.append(Row(name, cells, fields, (name, cells[1], number, len(privileges))))
    return rows


@remembered
def _used(config: UserConfig) -> Counter[str]:
    return Counter(entry.role for entry in config.acl)


def _is_empty(role: Role) -> bool:
    """A role of one's own without privileges: perhaps this PVE does not know them any more."""
    return not role.privs and not role.special


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    from pve_auth_tui.core.privileges import by_category  # not needed for the first rows
    from pve_auth_tui.core.rolenotes import dropped_lines, root_lines, use_line

    config = snapshot.access.value
    role = config.roles.get(key) if config else None
    if config is None or role is None:
        return GONE
    lines = [
        Line(", ".join(name.removeprefix(f"{category}.") for name in names), category)
        for category, names in by_category(role.privs).items()
    ]
    if key == "NoAccess":
        lines.append(Line("takes everything away, against all other roles on a path", "Effect"))
    elif not role.privs:
        lines.append(Line("no privilege that this PVE knows", "Effect", "LOOK"))
    lines += dropped_lines(role)
    if key != ADMINISTRATOR:
        lines += root_lines(role.privs)
    lines.append(use_line(config, key))
    return lines


def _heading(snapshot: Snapshot, key: str) -> str:
    config = snapshot.access.value
    role = config.roles.get(key) if config else None
    if role is None:
        return key
    number = count_words(len(role.privs), "privilege", "privileges")
    return f"{key} · {number}{', built in' if role.special else ''}"


def _commands(key: str) -> Sequence[str]:
    return ("pveum role list", f"pvesh get /access/roles/{key}")


ROLES = Listing(
    name="roles",
    title="Roles",
    noun=("role", "roles"),
    part="access",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
