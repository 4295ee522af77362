"""Whether the journal is as it was written: the chain of its lines, and what has no end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.journal import Entry, Link, Tip, Written, half_of, link_of
from pve_auth_tui.core.words import count_words

_HALF: Final = "the program or the node stopped while it was being written"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`entries` follow one another and are whole; `head` is the hash of the last of them.

    When not `ok`, `number` is the first that is not as it was written, and `why` a sentence.
    `notes` are sentences that need a look and break nothing: half lines, plans without an end.
    """

    ok: bool
    entries: int
    head: str
    number: int = 0
    why: str = ""
    notes: tuple[str, ...] = ()


def verify(lines: Iterable[bytes], head: str = "") -> Verdict:
    """Follow the chain through the lines of a file (without line feeds).

    `head` is the hash of any entry, from a copy that lies elsewhere: without one nobody can tell
    whether entries at the end were cut off, or everything was written anew.
    """
    tip = Tip()
    seen: list[Written] = []
    rest: list[bytes] = []
    notes: list[str] = []
    found = not head
    for line in lines:
        if not line:
            continue
        link = link_of(line)
        if link is None:
            rest.append(line)
            continue
        if why := _break(link, tip, rest):
            return _broken(tip, why, notes)
        if rest:
            notes.append(f"Before entry {link.written.number} stands a half line: {_HALF}.")
            rest = []
        seen.append(link.written)
        tip = Tip(link.written.number, link.written.hash)
        found = found or link.written.hash == head
    if rest:
        notes.append(f"The last line is half an entry: {_HALF}.")
    if not found:
        after = f"what came after entry {tip.number}" if tip.number else "everything"
        why = f"No entry has the hash given: {after} was cut off, or all was written anew."
        return _broken(tip, why, notes)
    return Verdict(True, tip.number, tip.hash, notes=(*notes, *unfinished(seen)))


def unfinished(entries: Sequence[Written]) -> tuple[str, ...]:
    """A sentence for each plan that was begun and has no end: how far it came."""
    last: dict[str, Entry] = {}
    for written in entries:
        entry = written.entry
        if entry.event == "end":
            last.pop(entry.plan, None)
        elif entry.event in ("begin", "intent", "result"):
            last[entry.plan] = entry
    return tuple(_how_far(entry) for entry in last.values())


def sentence(verdict: Verdict) -> str:
    """The verdict in the user's words, without its notes."""
    if not verdict.ok:
        whole = count_words(verdict.entries, "entry", "entries")
        return f"The journal is BROKEN at entry {verdict.number}, after {whole}: {verdict.why}"
    if not verdict.entries:
        return "The journal has no entries."
    whole = count_words(verdict.entries, "entry", "entries")
    return f"ok: {whole} in one chain. Head {verdict.head}"


def _how_far(entry: Entry) -> str:
    start = f"Plan {entry.plan} ({entry.title}) has no end: "
    if entry.event == "intent":
        return (
            f"{start}step {entry.step} was intended and has no result. It runs now, or the "
            "program ended there: look on the node whether it was done."
        )
    if entry.event == "result":
        return (
            f"{start}its last entry is the result of step {entry.step} ({entry.outcome}). "
            "Nothing was begun after that."
        )
    return f"{start}none of its steps was begun."


def _break(link: Link, tip: Tip, rest: Sequence[bytes]) -> str:
    """Why a line does not follow the entry at `tip` and the half lines between; "" if it does."""
    number = link.written.number
    if not link.right:
        return "it was edited: its hash is not that of its content."
    if number > tip.number + 1:
        last = f" to {number - 1}" if number > tip.number + 2 else ""
        return f"number {tip.number + 1}{last} is missing; number {number} comes next."
    if number < tip.number + 1:
        return f"number {number} comes after number {tip.number}: it was moved or put there."
    if link.previous != tip.hash:
        return f"it does not follow entry {tip.number}: one of the two was replaced."
    if link.half != half_of(rest):
        return (
            "before it stands a line that is no entry, and no half line of ours."
            if rest
            else "the half line before it, of which it tells, was removed."
        )
    return ""


def _broken(tip: Tip, why: str, notes: Sequence[str]) -> Verdict:
    return Verdict(False, tip.number, tip.hash, tip.number + 1, why, tuple(notes))
