"""An explanation as lines of text, the verdict first (design/screens.md, Explain)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pve_auth_tui.core.listing import Column, Line
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.why.explanation import Explanation, Step
from pve_auth_tui.core.why.verbs import verb_of
from pve_auth_tui.core.words import count_privileges, listed

STEP_COLUMNS = (
    Column("Path", 11, grow=True),
    Column("Entry", 19, grow=True),
    Column("Role", 15),
    Column("Counts?", 25, grow=True),
)
_GAP = "  "
_NAMED = 6  # privileges in one line


def step_rows(steps: Sequence[Step]) -> list[tuple[str, str, str, str]]:
    """One row for each step, for STEP_COLUMNS: raw texts."""
    return [(step.path, step.entry, step.role or "-", counts_text(step)) for step in steps]


def counts_text(step: Step) -> str:
    """`YES: this decides`, `no, replaced further down`, `no entry on the way`."""
    if step.counts:
        return f"YES: {step.why}"
    return step.why if step.why.startswith("no ") else f"no, {step.why}"


def way_in_line(explanation: Explanation) -> Line:
    """Can it be used at all: `yes`, `NO: TOTP is locked.`, or why that is not judged."""
    ok, subject = explanation.usable.ok, explanation.subject
    reason = explanation.usable.reason.removeprefix(f"{subject} cannot log in: ")
    heading = "API" if split_tokenid(subject) else "Log in"
    return Line({True: "yes", False: f"NO: {reason}", None: reason}[ok], heading)


def fix_lines(explanation: Explanation) -> list[Line]:
    """The fixes with their numbers, from 1 on."""
    return [
        Line(f"{number} {fix.title}: {fix.effect}", "To allow it" if number == 1 else "")
        for number, fix in enumerate(explanation.fixes, start=1)
    ]


def explanation_lines(explanation: Explanation) -> list[Line]:
    """All of it, the table of the steps aligned; texts are plain and safe to show."""
    return [Line(plain(line.text), line.heading) for line in _lines(explanation)]


def privileges_text(explanation: Explanation) -> str:
    """`VM.Audit, VM.Console and 8 more`; what is not passed on is marked."""
    flags = sorted(explanation.allowed.items())
    if not flags:
        return count_privileges(0)
    if not any(explanation.allowed.values()):
        return f"{listed([name for name, _ in flags], _NAMED)}, not propagated"
    return listed([name if on else f"{name} (not propagated)" for name, on in flags], _NAMED)


def _lines(explanation: Explanation) -> Iterator[Line]:
    also = f" (also: {', '.join(explanation.also)})" if explanation.also else ""
    yield Line(f"{explanation.subject}{also}", "Who")
    if explanation.privilege:
        verb = verb_of(explanation.privilege, explanation.path)
        words = f"{verb.words} ({explanation.privilege})" if verb else explanation.privilege
        yield Line(words, "Does")
    yield Line(explanation.path, "Where")
    yield Line("")
    yield Line(explanation.verdict)
    yield Line(explanation.because)
    yield Line("")
    yield from map(Line, _table(explanation.steps))
    if explanation.owner is not None:
        yield Line("")
        yield Line(f"{explanation.owner.subject}, whose API token it is", "User")
        yield from map(Line, _table(explanation.owner.steps))
    yield Line("")
    yield way_in_line(explanation)
    yield from fix_lines(explanation)
    yield Line(privileges_text(explanation), "Allowed")


def _table(steps: Sequence[Step]) -> Iterator[str]:
    rows = [tuple(column.title for column in STEP_COLUMNS), *step_rows(steps)]
    shown = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        line = _GAP.join(fit(cell, width) for cell, width in zip(row, widths, strict=True))
        yield f"{_GAP}{line}".rstrip()
