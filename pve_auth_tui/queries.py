"""What the list commands answer: JSON as PVE's API gives it, text as the screens show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pve_auth_tui.core import answers
from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.lists import listing
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.snapshot import Part, Snapshot
from pve_auth_tui.output import table

_PERMISSIONS = (Column("Path", 20), Column("Privilege", 26), Column("Propagate", 9))


@dataclass(frozen=True, slots=True)
class Query:
    """One list command.

    `parts` name the parts of a Snapshot that the answer is made of: without the first there
    is no answer, without another one it lacks something. `value` gives what PVE's API
    answers to root@pam; it gets the parts' values and the time of the picture in seconds
    since 1970, and is called only when the first is there.
    """

    parts: tuple[str, ...]
    value: Callable[..., list[dict[str, Any]]]

    def main(self, snapshot: Snapshot) -> Part[Any]:
        """The part that the answer lives from."""
        return self._parts(snapshot)[0]

    def unread(self, snapshot: Snapshot) -> list[Part[Any]]:
        """The parts that could not be read."""
        return [part for part in self._parts(snapshot) if part.value is None]

    def json(self, snapshot: Snapshot) -> object:
        """The answer with secrets masked (R9)."""
        values = (part.value for part in self._parts(snapshot))
        return answers.masked(self.value(*values, snapshot.taken_at))

    def _parts(self, snapshot: Snapshot) -> list[Part[Any]]:
        return [snapshot.parts[name] for name in self.parts]


QUERIES: Mapping[str, Query] = {
    "realms": Query(("realms",), lambda realms, now: answers.realm_details(realms)),
    "users": Query(
        ("access", "realms", "tfa"),
        lambda access, realms, tfa, now: answers.users(access, realms, tfa, full=True, now=now),
    ),
    "groups": Query(("access",), lambda access, now: answers.groups(access)),
    "roles": Query(("access",), lambda access, now: answers.roles(access)),
    "pools": Query(("access",), lambda access, now: answers.pools(access)),
    "tokens": Query(("access",), lambda access, now: answers.tokens(access)),
    "tfa": Query(("tfa",), answers.tfa),
    "acl": Query(("access",), lambda access, now: answers.acl(access)),
}
"""One for each of `arguments.LISTS`."""


def listing_text(name: str, snapshot: Snapshot, width: int | None) -> str:
    """The list of that name as a table; `width` in cells, None for no limit."""
    shown = listing(name)
    rows = (row.cells for row in shown.rows(snapshot, snapshot.taken_at))
    return table(shown.columns, rows, width)


def permissions_text(answer: Mapping[str, Mapping[str, int]], width: int | None) -> str:
    """GET /access/permissions as a table: one line for each path and privilege."""
    rows = [
        (path, privilege, "yes" if propagates else "no")
        for path, privileges in sorted(answer.items())
        for privilege, propagates in sorted(privileges.items())
    ]
    return table(_PERMISSIONS, rows, width)


def exists(subject: str, access: UserConfig) -> bool:
    """Whether there is such a user or, by its full id, such an API token."""
    token = split_tokenid(subject)
    if token is None:
        return subject in access.users
    owner = access.users.get(token[0])
    return owner is not None and token[1] in owner.tokens
