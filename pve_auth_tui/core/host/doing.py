"""What a command is for, by its words: by that its output is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pve_auth_tui.core.join.outcomes import Doing

_OF: Final[Mapping[tuple[str, str], Doing]] = {
    ("realm", "discover"): "discover",
    ("realm", "join"): "join",
    ("realm", "leave"): "leave",
    ("realm", "permit"): "permit",
    ("realm", "deny"): "permit",
    ("realm", "list"): "list",
    ("adcli", "testjoin"): "testjoin",
    ("adcli", "show-computer"): "show-computer",
    ("sssctl", "user-checks"): "user-checks",
}
_ALWAYS: Final[Mapping[str, Doing]] = {"apt-get": "apt", "systemctl": "service", "id": "id"}


def doing(argv: Sequence[str]) -> Doing:
    """`other` for what none of the patterns is about."""
    tool = argv[0].rpartition("/")[2] if argv else ""
    verb = next((word for word in argv[1:] if not word.startswith("-")), "")
    return _ALWAYS.get(tool) or _OF.get((tool, verb), "other")
