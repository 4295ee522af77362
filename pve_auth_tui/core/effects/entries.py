"""What surprises about new ACL entries: that they take something away, or give nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.accessdata import NO_ACCESS
from pve_auth_tui.core.effects.rights import Rights
from pve_auth_tui.core.effects.scene import Scene
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.objects import acl_parts
from pve_auth_tui.core.words import count_privileges, listed

_MOST: Final = 10  # new entries that are looked at


def entry_findings(scene: Scene, found: Rights) -> Iterator[Finding]:
    """Of those that are meant to give something: NoAccess is meant to take (reference 3.2)."""
    made = [key for key in scene.made("acl") if acl_parts(key)[2] != NO_ACCESS][:_MOST]
    yield from _replacing(found, [key.name for key in made])
    for key in made:
        kind, subject, _ = acl_parts(key)
        if kind != "group" and not _gains(found, subject, key.name):
            yield _nothing(subject, key.name, kind)


def _replacing(found: Rights, paths: list[str]) -> Iterator[Finding]:
    """An entry replaces all that comes from further up, a user's those of groups, too."""
    for path in dict.fromkeys(paths):
        losers = [
            (shift.subject, len(change.lost))
            for shift in found.shifts
            for change, where in shift.changes
            if change.lost and path in where
        ]
        if losers:
            most = count_privileges(max(number for _, number in losers))
            up_to = "up to " if len(losers) > 1 else ""
            yield Finding(
                "LOOK",
                f"The new ACL line on {path} takes {up_to}{most} from "
                f"{listed([who for who, _ in losers])}.",
                "It replaces what comes from further up; a user's line also those of groups.",
            )


def _gains(found: Rights, subject: str, path: str) -> bool:
    """Does the subject gain anything there, or lose, which is told already?"""
    for shift in found.shifts:
        if shift.subject == subject:
            return any(path in where for _, where in shift.changes)
    return False


def _nothing(subject: str, path: str, kind: str) -> Finding:
    if kind == "token":
        why = "An API token never gets more than its user; without privilege separation it has all."
    else:
        why = "It has all of that there already."
    return Finding("LOOK", f"The new ACL line on {path} gives {subject} nothing more.", why)
