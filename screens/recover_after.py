"""What is left to do when somebody is in again: rows of Recover, some of them with a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.recover.afterwards import afterwards
from pve_auth_tui.core.recover.situation import Situation
from screens.recover_rows import NEXT
from widgets.sections import Entry, Section

_SEEN: Final = "Seen"
_DOES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Login": ("p", "prove"),
        "Paper": ("n", "recovery-keys"),
        "Second factor": ("o", "totp"),
        "Second one": ("o", "totp"),
        _SEEN: ("a", "acknowledge"),
    }
)
"""A line's heading, the key that does it here, and the command behind that."""


class NextRow(NamedTuple):
    """`key`: of the row; `sign`: the key that does it, `command` its name; "" for what is told."""

    key: str
    line: Line
    sign: str = ""
    command: str = ""


def next_rows(situation: Situation, *, told: bool) -> Sequence[NextRow]:
    """`told`: later sessions are told of a recovery until somebody acknowledges it."""
    rows = []
    for number, line in enumerate(afterwards(situation)):
        sign, command = _DOES.get(line.heading, ("", ""))
        key = f"{NEXT}{line.heading or number}"
        if told or line.heading != _SEEN:
            rows.append(NextRow(key, line, sign, command))
    return rows


def next_section(rows: Sequence[NextRow]) -> Section:
    """With the keys at the left."""
    entries = (Entry(row.key, row.sign, row.line.heading, row.line.text) for row in rows)
    return Section("Afterwards", tuple(entries), signs=1)
