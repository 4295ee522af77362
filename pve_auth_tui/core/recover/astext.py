"""What Recover found as lines of text, for the command line: plain, wrapped, states as words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.plantext import hanging
from pve_auth_tui.core.recover.diagnosis import Diagnosis
from pve_auth_tui.core.recover.have import Have
from pve_auth_tui.core.recover.ways import Kind, WayBack

_WORD: Final = 8  # cells up to a subject: two blanks, a state
_SUBJECT: Final = 20  # cells for a subject, at the most
_NUMBER: Final = 4  # cells for a number or a dash
_MOST_ID: Final = 24  # cells for the id of a way


def diagnosis_text(diagnosis: Diagnosis, width: int) -> list[str]:
    """The verdict, then a line for each check; what is not well with all there is to it."""
    texts = [text for one in diagnosis.sentences for text in hanging("", one, width, 0)]
    texts += [""] if diagnosis.checks else []
    subjects = [plain(check.subject) for check in diagnosis.checks]
    room = _WORD + min(_SUBJECT, max(map(cells, subjects), default=0)) + 2
    for check, subject in zip(diagnosis.checks, subjects, strict=True):
        left = f"  {check.word:<{_WORD - 2}}{subject}"
        texts += hanging(_beside(left, room), check.text, width, room)
        if check.word in {"BAD", "LOOK"}:
            texts += [text for one in check.more for text in hanging("", one, width, room)]
    return texts


def have_text(asked: Sequence[Have], held: Collection[str], width: int) -> list[str]:
    """What somebody may still have, with its number, and the id that --have and --lost take."""
    texts = ["What do you still have?"] if asked else []
    for number, one in enumerate(asked, 1):
        mark = "[x]" if one.id in held else "[ ]"
        texts += hanging(f"  {number} {mark} ", f"{plain(one.text)}  ({plain(one.id)})", width, 8)
    return texts


def numbered(ways: Sequence[WayBack]) -> list[tuple[str, WayBack]]:
    """Each way with the number that takes it; REFUSED ones have none, and stand last."""
    open_ones = [way for way in ways if way.kind is not Kind.REFUSED]
    refused = [way for way in ways if way.kind is Kind.REFUSED]
    return [
        *((str(number), way) for number, way in enumerate(open_ones, 1)),
        *(("-", way) for way in refused),
    ]


def ways_text(ways: Sequence[WayBack], width: int) -> list[str]:
    """Number, id and title of each way, below it what it changes; of REFUSED ones all of it."""
    if not ways:
        return ["There is no way back to offer here."]
    room = _NUMBER + min(_MOST_ID, max(cells(plain(way.id)) for way in ways)) + 2
    texts = ["Ways back, least harm first"]
    for number, way in numbered(ways):
        title = f"REFUSED: {way.title}" if way.kind is Kind.REFUSED else way.title
        texts += hanging(_beside(f"{number:>3} {plain(way.id)}", room), title, width, room)
        if way.note:
            texts += hanging("", way.note, width, room)
        if way.kind is Kind.REFUSED:
            texts += lines_text(way.lines, width, indent=room)
    return texts


def lines_text(lines: Sequence[Line], width: int, *, indent: int = 0) -> list[str]:
    """Everything about a way: a state or a heading at the left, the text beside it; what has none
    goes on below the text before it.
    """
    lefts = [plain(line.word or line.heading) for line in lines]
    room = indent + max((min(_SUBJECT, cells(left)) + 2 for left in lefts if left), default=0)
    texts: list[str] = []
    for left, line in zip(lefts, lines, strict=True):
        begin = _beside(f"{'':<{indent}}{left}", room) if left else ""
        texts += hanging(begin, line.text, width, room)
    return texts


def _beside(left: str, room: int) -> str:
    """`left`, and at least two blanks before what stands beside it."""
    return fit(left, room) if cells(left) <= room - 2 else f"{left}  "
