"""How many removals a sync may bring before it asks for a typed word, and what is never run.

Above the limit are more than 25 users or groups, more than 10 % of those that PVE has of the realm
(three at least), and all of them. What loses its ACL lines counts as what loses its entry.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.preview import Side
from pve_auth_tui.core.words import count_words, thousands

MOST: Final = 25
SHARE: Final = 0.10
_A_FEW: Final = 3
_TAKING: Final = frozenset({"entry", "acl"})


class Limit(NamedTuple):
    """`word`: what has to be typed, "" for nothing; `text`: the sentence about that."""

    word: str = ""
    text: str = ""


def limit_of(users: Side, groups: Side, options: SyncOptions) -> Limit:
    """Of users first: nobody types two numbers."""
    if not _TAKING & options.vanished:
        return Limit()
    for side, one, many in ((users, "user", "users"), (groups, "group", "groups")):
        if why := _above(len(side.vanished), side.known):
            number = len(side.vanished)
            taken = "removals" if "entry" in options.vanished else f"{many} without ACL lines"
            if number == 1:
                taken = "removal" if "entry" in options.vanished else f"{one} without ACL lines"
            verb = "is" if number == 1 else "are"
            return Limit(
                str(number),
                f"The {thousands(number)} {taken} {verb} {why}: the plan asks you to type "
                f"{number}.",
            )
    return Limit()


def _above(gone: int, known: int) -> str:
    if gone and gone == known:
        return "all that PVE has of the realm"
    if gone > MOST:
        return f"above your limit ({MOST})"
    if gone >= _A_FEW and gone > known * SHARE:
        return f"above your limit ({SHARE:.0%} of {thousands(known)})"
    return ""


def refusal_of(found: Found, options: SyncOptions) -> str:
    """Why nobody may be called gone, "" where they may. PVE itself would not notice."""
    if found.complete or not _TAKING & options.vanished:
        return ""
    came = count_words(found.entries + found.group_entries, "entry", "entries")
    return (
        f"The server cut its answer after {came}: who is missing may still be there, so entry and "
        "acl of Remove Vanished are not run."
    )
