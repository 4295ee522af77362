"""The journal as a list and an entry as facts: the same on the screen and on the command line."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from pve_auth_tui.core.journal import Entry, Event, Written
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.words import date_time, yes_no

COLUMNS: Final = (
    Column("Time", 16),
    Column("Who", 10),
    Column("Plan", 6),
    Column("Step", 4),
    Column("Command", 18, grow=True),
    Column("Outcome", 12),
    Column("No.", 6, wide=True),
)
FIELDS: Final = ("who", "plan", "event", "look")
_STATES: Final[Mapping[Event, str]] = {
    "begin": "begun",
    "intent": "intended",
    "result": "-",
    "end": "ended",
    "armed": "armed",
    "kept": "kept",
    "fired": "fired",
    "expired": "expired",
    "purged": "purged",
    "proved": "proved",
}


def rows(entries: Sequence[Written], *, whole_names: bool = False) -> list[Row]:
    """One row for each entry, in their order; keys are places in `entries`, counted from 0.

    A plan's id is shown by its last part unless `whole_names`.
    """
    commands: dict[tuple[str, int], str] = {}
    found: list[Row] = []
    for at, written in enumerate(entries):
        entry, who = written.entry, written.who
        if entry.event == "intent":
            commands[entry.plan, entry.step] = entry.text
        command = commands.get((entry.plan, entry.step)) or entry.text or entry.title
        cells = (
            date_time(written.time),
            who.kernel if whole_names else _short(who.kernel),
            entry.plan if whole_names else entry.plan.rpartition("-")[2],
            str(entry.step) if entry.step else "-",
            command,
            entry.outcome or _STATES[entry.event],
            str(written.number),
        )
        fields = {
            "who": f"{who.kernel} {who.claimed}".casefold(),
            "plan": f"{entry.plan} {cells[2]}".casefold(),
            "event": entry.event,
            "look": yes_no(needs_look(written)),
        }
        order = (written.time, cells[1], cells[2], entry.step, cells[4], cells[5], written.number)
        found.append(Row(str(at), cells, fields, order))
    return found


def needs_look(written: Written) -> bool:
    """A step that did not go well, a claim that differs, what took itself back."""
    entry = written.entry
    failed = entry.outcome != "" and entry.outcome.partition(",")[0] != "ok"
    return failed or written.who.differs or entry.event in ("fired", "expired")


def facts(written: Written) -> tuple[Line, ...]:
    """Everything that an entry says."""
    return tuple(line for line in _facts(written) if line.text)


def as_json(written: Written) -> dict[str, Any]:
    """The entry as the file has it, without what chains it to others."""
    return asdict(written)


def heading(written: Written) -> str:
    """`Entry 12: intent`."""
    return f"Entry {written.number}: {written.entry.event}"


def _facts(written: Written) -> Iterator[Line]:
    entry, who = written.entry, written.who
    seconds = time.strftime(":%S", time.localtime(written.time))
    yield Line(f"{date_time(written.time)}{seconds}", "Time")
    yield Line(_plan(entry), "Plan")
    yield Line(entry.text, "Command")
    bad = entry.outcome != "" and needs_look(written)
    yield Line(entry.outcome, "Outcome", "LOOK" if bad and entry.outcome else None)
    yield Line(entry.reason, "Reason")
    yield Line(who.kernel, "Who")
    if who.claimed:
        claimed = f"{who.claimed} (by variables that anybody can set)"
        yield Line(claimed, "Claimed", "LOOK" if who.differs else None)
    yield Line(written.hash, "Hash")


def _plan(entry: Entry) -> str:
    step = f", step {entry.step}" if entry.step else ""
    return f"{entry.plan}: {entry.title}{step}"


def _short(kernel: str) -> str:
    """`joe (uid 1001), session 7, ...` -> `joe`."""
    return kernel.partition(",")[0].partition(" (")[0]
