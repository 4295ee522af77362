"""Headings of what was seen, under which checks keep it and `words` finds it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pve_auth_tui.core.realmtest.report import Fact

DOMAIN: Final = "Domain"
OTHER_DOMAIN: Final = "Joined to"
NODE: Final = "Host name"
COMPUTER: Final = "Computer name"
PROPOSED: Final = "Another name"
HOLDER: Final = "Belongs to"
PASSWORD_SET: Final = "Password set"  # noqa: S105 (a heading)
RESOLVERS: Final = "DNS servers"
FOREIGN: Final = "No domain controllers"
CONTROLLERS: Final = "Domain controllers"
UNRESOLVED: Final = "Without address"
CLOSED: Final = "Not open"
CLOCK: Final = "Clock"
MISSING: Final = "Missing"
ADDED: Final = "Added"
CHANGED: Final = "Changed besides"
FILES: Final = "Files"
NODES: Final = "Nodes"
PERSON: Final = "Name"
FOUND: Final = "Found"
UNIT: Final = "systemd says"
REMARK: Final = "Note"

CONTEXT: Final[Mapping[str, str]] = {
    DOMAIN: "domain",
    OTHER_DOMAIN: "other",
    NODE: "node",
    COMPUTER: "computer",
    PROPOSED: "proposed",
    HOLDER: "holder",
    PASSWORD_SET: "age",
    FOREIGN: "foreign",
    UNRESOLVED: "unresolved",
    CLOSED: "closed",
    CLOCK: "clock",
    MISSING: "missing",
    CHANGED: "changed",
    FILES: "files",
    NODES: "nodes",
    PERSON: "person",
}
"""Heading -> its name among the words of `core.join.words`."""


def context(facts: Iterable[Fact]) -> dict[str, str]:
    """What facts say, by the names that `advice` takes; several of a heading are listed."""
    found: dict[str, list[str]] = {}
    for fact in facts:
        if name := CONTEXT.get(fact.heading):
            found.setdefault(name, []).append(fact.text)
    return {name: ", ".join(texts) for name, texts in found.items()}
