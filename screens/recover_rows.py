"""What Recover shows, as sections of rows. Keys of rows: what they are about, and which one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.recover.diagnosis import Check, Diagnosis
from pve_auth_tui.core.recover.have import Have
from pve_auth_tui.core.recover.ways import Kind, WayBack
from widgets.sections import Entry, Section

CHECK: Final = "check:"
HAVE: Final = "have:"
WAY: Final = "way:"
NEXT: Final = "next:"
"""Beginnings of the rows' keys."""

_DIGITS: Final = 9


def check_keys(checks: Sequence[Check]) -> list[str]:
    """Two checks of the same subject are told apart by their places among those."""
    seen: dict[str, int] = {}
    keys = []
    for check in checks:
        number = seen[check.subject] = seen.get(check.subject, 0) + 1
        keys.append(f"{CHECK}{check.subject}{'' if number == 1 else f' {number}'}")
    return keys


def checks_section(diagnosis: Diagnosis) -> Section:
    """What was looked at, and what was found."""
    keys = check_keys(diagnosis.checks)
    rows = (
        Entry(key, check.word, check.subject, check.text)
        for key, check in zip(keys, diagnosis.checks, strict=True)
    )
    return Section("", tuple(rows), signs=5, most=25, folds=True)


def questions_section(asked: Sequence[Have], held: Collection[str]) -> Section:
    """What somebody still has, as far as it was said."""
    rows = (Entry(HAVE + one.id, "[x]" if one.id in held else "[ ]", one.text) for one in asked)
    return Section("What do you still have?", tuple(rows), signs=3)


def numbered(ways: Sequence[WayBack]) -> dict[int, WayBack]:
    """The ways that have a digit, by it: those that nothing speaks against."""
    taken = [way for way in ways if way.kind is not Kind.REFUSED]
    return dict(enumerate(taken[:_DIGITS], start=1))


def ways_section(ways: Sequence[WayBack]) -> Section:
    """Each with its digit; `-` for one that is refused."""
    digits = {way.id: str(digit) for digit, way in numbered(ways).items()}
    rows = (
        Entry(
            WAY + way.id,
            "-" if way.kind is Kind.REFUSED else digits.get(way.id, ""),
            way.title,
            _note(way),
        )
        for way in ways
    )
    return Section("Ways back, least harm first", tuple(rows), signs=1)


def _note(way: WayBack) -> str:
    return f"REFUSED: {way.note}" if way.kind is Kind.REFUSED else way.note


def first_row(asked: Sequence[Have], ways: Sequence[WayBack]) -> str:
    """Where the cursor begins: at what is asked, else at the first way."""
    if asked:
        return HAVE + asked[0].id
    return WAY + ways[0].id if ways else ""


def check_lines(check: Check) -> list[Line]:
    """Everything about a check."""
    return [Line(check.text, check.subject, check.word), *(Line(text) for text in check.more)]


def way_lines(way: WayBack) -> list[Line]:
    """Everything about a way back but its title; what goes on stands below what it belongs to."""
    lines = [Line(_note(way)), Line("")] if way.note else []
    headed = any(line.heading for line in way.lines)
    for line in way.lines:
        goes_on = headed and not line.heading and line.text
        lines.append(line._replace(heading=" ") if goes_on else line)
    return lines
