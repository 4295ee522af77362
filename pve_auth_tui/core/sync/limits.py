"""How many users and groups a sync may take before it asks for a typed word, and what is never run.

Above the limit are more than 25 users or groups, more than 10 % of those that PVE has of the realm
(three at least), and all of them. What loses its ACL lines counts as what loses its entry. Users
who are disabled have the same limits, counted of those who can log in now.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.preview import Compared, Side
from pve_auth_tui.core.sync.shutout import ShutOut
from pve_auth_tui.core.words import count_words, thousands

MOST: Final = 25
SHARE: Final = 0.10
_A_FEW: Final = 3
_TAKING: Final = frozenset({"entry", "acl"})


class Limit(NamedTuple):
    """`word`: what has to be typed, "" for nothing; `text`: the sentence about that."""

    word: str = ""
    text: str = ""


def limit_of(seen: Compared, out: ShutOut) -> Limit:
    """Of users who go first, then of those who are disabled: nobody types two numbers."""
    return (
        _of_removals(seen.users, seen.options, "user", "users")
        or _of_shut_out(out)
        or _of_removals(seen.groups, seen.options, "group", "groups")
        or Limit()
    )


def _of_removals(side: Side, options: SyncOptions, one: str, many: str) -> Limit | None:
    number = len(side.vanished)
    why = _above(number, side.known, "all that PVE has of the realm")
    if not why or not _TAKING & options.vanished:
        return None
    taken = "removals" if "entry" in options.vanished else f"{many} without ACL lines"
    if number == 1:
        taken = "removal" if "entry" in options.vanished else f"{one} without ACL lines"
    return _asking(number, taken, why)


def _of_shut_out(out: ShutOut) -> Limit | None:
    number = len(out.all)
    why = _above(number, out.active, "all of the realm who can log in now")
    if not why:
        return None
    how = " or ".join(
        word for word, names in (("disabled", out.disabled), ("expired", out.expired)) if names
    )
    return _asking(number, f"{'user' if number == 1 else 'users'} who would be {how}", why)


def _asking(number: int, what: str, why: str) -> Limit:
    verb = "is" if number == 1 else "are"
    return Limit(
        str(number),
        f"The {thousands(number)} {what} {verb} {why}: the plan asks you to type {number}.",
    )


def _above(gone: int, known: int, everybody: str) -> str:
    if gone and gone == known:
        return everybody
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
