"""The table in docs/undo.md, made of what really came back on the simulated node.

    .venv/bin/python -m tests.services.undo_table

writes it anew.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from tests.services.undo_cases import CASES, Case
from tests.services.undo_lab import Lab, records_that_differ

DOCUMENT = Path(__file__).parents[2] / "docs" / "undo.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


@dataclass(frozen=True)
class Outcome:
    """`changed` and `left`: what the change touched, and what is still different after its undo;
    both as one sees them in records and below them. `lost`: what was said of it.
    """

    changed: frozenset[tuple[str, ...]]
    left: frozenset[tuple[str, ...]]
    lost: tuple[str, ...]


@functools.cache
def outcome(case: Case) -> Outcome:
    """Carry it out, take it back, look."""
    lab = Lab()
    lab.carry_out(case.first(lab))
    before, deep = lab.picture(), lab.depths()
    done = lab.change(case.change(lab))
    changed = _differences(before, done.after, deep, lab.depths())
    lost = lab.undo(done)
    left = _differences(before, lab.picture(), deep, lab.depths())
    return Outcome(changed, left, lost)


def _differences(before, now, deep_before, deep_now):
    found = {tuple(key) for key in records_that_differ(before, now)}
    names = deep_before.keys() | deep_now.keys()
    deep = {name for name in names if deep_before.get(name) != deep_now.get(name)}
    # a factor or a password that a record shows is not counted twice
    shown = {key[:2] for key in found}
    return frozenset(found | {name for name in deep if name[:2] not in shown})


def table() -> str:
    """All cases as Markdown."""
    lines = ["| what | change | comes back | said before the act |", "|---|---|---|---|"]
    for case in CASES:
        found = outcome(case)
        lines.append(f"| {case.area} | {case.name} | {_much(found)} | {' '.join(found.lost)} |")
    return "\n".join(lines)


def _much(found: Outcome) -> str:
    if not found.left:
        return "everything"
    return "nothing" if found.left >= found.changed else "all else"


def with_table(document: str, new: str) -> str:
    """The document with this table in it."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{DOCUMENT.name} lacks its markers {BEGIN} and {END}")
    return f"{head}{begin}\n{new}\n{end}{tail}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(), table()))
