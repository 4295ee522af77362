"""Who can, what if and compare as rows of a table and as JSON. The texts are raw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pve_auth_tui.core.effects.rights import Change, Changes
from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.why.compare import Beside, Difference, alike, same
from pve_auth_tui.core.why.explanation import Usable
from pve_auth_tui.core.why.whatif import WhatIf
from pve_auth_tui.core.why.whocan import Holder
from pve_auth_tui.core.words import count_privileges, listed, yes_no

_NAMED: Final = 3  # privileges; more are counted

Cells = tuple[str, ...]
JsonRow = Mapping[str, Any]

# --- who can -----------------------------------------------------------------------------

HOLDER_COLUMNS: Final = (
    Column("Who", 24, grow=True),
    Column("Propagate", 9),
    Column("Through", 30, grow=True),
    Column("Usable", 10, grow=True),
)


def holder_rows(holders: Iterable[Holder]) -> list[Cells]:
    """One row for each; the last cell is `yes`, or why it cannot be used, or is not judged."""
    return [
        (each.subject, yes_no(each.propagates), each.through, usable_words(each.usable))
        for each in holders
    ]


def holders_json(holders: Iterable[Holder]) -> list[JsonRow]:
    """`usable` is null where that is not judged."""
    return [
        {
            "subject": each.subject,
            "propagates": each.propagates,
            "through": each.through,
            "usable": found.ok,
            "reason": found.reason,
        }
        for each, found in ((each, each.usable) for each in holders)
    ]


def usable_words(found: Usable) -> str:
    """`yes`, or the reason."""
    return "yes" if found.ok else found.reason


# --- what if -----------------------------------------------------------------------------

WHAT_IF_COLUMNS: Final = (
    Column("Who", 24, grow=True),
    Column("Gains", 14, grow=True),
    Column("Loses", 14, grow=True),
    Column("Where", 20, grow=True),
)


def what_if_rows(found: WhatIf) -> list[Cells]:
    """Those for whom just the same changes share their rows; who they are stands in the first."""
    groups: dict[tuple[Changes, tuple[str, ...]], list[str]] = {}
    for shift in found.shifts:
        stays = found.unchanged.get(shift.subject, ())
        groups.setdefault((shift.changes, stays), []).append(shift.subject)
    rows: list[Cells] = []
    for (changes, stays), subjects in groups.items():
        mine = [row for change, paths in changes for row in _change_rows(change, paths)]
        if stays:
            mine.append(("unchanged", "unchanged", listed(stays)))
        names = (listed(subjects), *[""] * (len(mine) - 1))
        rows += [(who, *row) for who, row in zip(names, mine, strict=True)]
    if found.wake:
        rows.append((listed(found.wake), "can be used", "-", "everywhere"))
    if found.sleep:
        rows.append((listed(found.sleep), "-", "cannot be used", "everywhere"))
    return rows


def _change_rows(change: Change, paths: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    if change.gained or change.lost:
        yield amount(change.gained), amount(change.lost), listed(paths)
    if change.gained_below or change.lost_below:
        below = f"below {listed(paths)}"
        yield amount(change.gained_below), amount(change.lost_below), below


def amount(privileges: frozenset[str]) -> str:
    """`VM.Audit and VM.Console`, `10 privileges`, `-`."""
    if len(privileges) > _NAMED:
        return count_privileges(len(privileges))
    return listed(sorted(privileges)) or "-"


def what_if_json(found: WhatIf) -> list[JsonRow]:
    """By subject. `unchanged`: paths where nothing changes although it does above them. `usable`:
    true or false for an account that can be used from then on, or no longer; else null.
    """
    changes: dict[str, Changes] = {shift.subject: shift.changes for shift in found.shifts}
    turns = {**dict.fromkeys(found.wake, True), **dict.fromkeys(found.sleep, False)}
    return [
        {
            "subject": subject,
            "changes": [_change_json(*each) for each in changes.get(subject, ())],
            "unchanged": list(found.unchanged.get(subject, ())),
            "usable": turns.get(subject),
        }
        for subject in sorted(changes.keys() | turns.keys())
    ]


def _change_json(change: Change, paths: Sequence[str]) -> JsonRow:
    privileges = {name: sorted(found) for name, found in change._asdict().items()}
    return {"paths": list(paths), **privileges}


# --- compare -----------------------------------------------------------------------------


def compare_columns(one: str, other: str) -> tuple[Column, ...]:
    """The columns of `compare_rows`."""
    return (
        Column("Path", 20, grow=True),
        Column(f"Only {one}", 18, grow=True),
        Column(f"Only {other}", 18, grow=True),
        Column("Both", 14, grow=True),
    )


def compare_rows(differences: Iterable[Difference]) -> list[Cells]:
    """Paths with the same privileges share a row."""
    return [
        (listed(paths), amount(each.only_one), amount(each.only_other), amount(each.both))
        for each, paths in alike(differences).items()
    ]


def compare_json(
    one: str, other: str, differences: Sequence[Difference], facts: Iterable[Beside]
) -> JsonRow:
    """`same`: may both do just the same everywhere? `beside`: in what else they differ."""
    return {
        "one": one,
        "other": other,
        "same": same(differences),
        "rights": [
            {
                "paths": list(paths),
                "only_one": sorted(each.only_one),
                "only_other": sorted(each.only_other),
                "both": sorted(each.both),
            }
            for each, paths in alike(differences).items()
        ],
        "beside": [fact._asdict() for fact in facts],
    }
