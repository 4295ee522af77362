"""What is worth doing when somebody is back in: rows of Recover, each with its key."""

from __future__ import annotations

from typing import Final, NamedTuple

from screens.recover_rows import NEXT
from widgets.sections import Entry, Section


class NextRow(NamedTuple):
    """`key` does it, and so does Enter; `command`: its name on the screen, "" for what is only
    told.
    """

    key: str
    title: str
    text: str
    command: str = ""


NEXT_ROWS: Final = (
    NextRow("p", "prove it by a login", "one attempt, with password and second factor", "prove"),
    NextRow("o", "a new authenticator app", "so that there are two second factors again", "totp"),
    NextRow("n", "new recovery keys", "ten on paper; the old ones stop working", "recovery-keys"),
    NextRow("-", "look who was there", "journalctl -u pvedaemon -u pveproxy -u ssh; :journal"),
    NextRow("a", "acknowledge it", "until then every session is told", "acknowledge"),
)


def next_section(*, told: bool) -> Section:
    """`told`: later sessions are told of a recovery until somebody acknowledges it."""
    rows = (
        Entry(NEXT + row.key, row.key, row.title, row.text)
        for row in NEXT_ROWS
        if told or row.command != "acknowledge"
    )
    return Section("Afterwards", tuple(rows), signs=1)
