"""The result of a rack as a page of text: who has which key, and what is still to do. No secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.intents.factors import named
from pve_auth_tui.core.logins import entries_of
from pve_auth_tui.core.plain import fit, plain
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import Cell, Place, Rack, State, Tag
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import date_time

PROOFS: Final = {How.LOGIN: "login", How.SIGNATURE: "signed", How.ENROLLED: "not yet"}
"""How a new key was seen to work, in the sheet's words."""

_WHAT_PROVED: Final = (
    "login: its owner logged in with it. signed: its signature was checked, nobody logged in.",
    "not yet: PVE has stored it, and nobody has used it.",
)


def sheet(rack: Rack, snapshot: Snapshot, now: float) -> str:
    """The page, as `plain` text."""
    cluster = snapshot.cluster.value
    where = (cluster.name or cluster.node) if cluster else ""
    lines = [
        f"Security keys{f' of {where}' if where else ''}, {date_time(now)}",
        *(["DEMO: a simulated cluster, no real key."] if snapshot.demo else []),
        f"Begun {date_time(rack.begun)}: {rack.summary}. This page holds no secret.",
        "",
        *_keys(rack),
        "",
        *_WHAT_PROVED,
        "",
        "Still to do",
        *(f"  {line}" for line in to_do(rack, snapshot) or ("nothing",)),
    ]
    return "\n".join(plain(line) for line in lines) + "\n"


def to_do(rack: Rack, snapshot: Snapshot) -> tuple[str, ...]:
    """What is left, as sentences: keys, proofs, recovery keys, what was there before."""
    return (*_of_cells(rack), *_of_people(rack, snapshot))


def key_words(tag: Tag) -> str:
    """`YubiKey 5 ...1234`; `-` for a key that nobody looked at."""
    serial = f"...{tag.serial}" if tag.serial else ""
    return " ".join(filter(None, (tag.product, serial))) or "-"


def _keys(rack: Rack) -> Iterator[str]:
    for place in rack.places:
        cell = rack.cell(place)
        if cell.state is not State.STORED:
            continue
        yield f"{fit(place.label, 4)} {rack.userid(place)}"
        yield f"     key     {key_words(cell.tag)}"
        if cell.tag.aaguid:
            yield f"     model   {cell.tag.aaguid}"
        yield f"     entry   {cell.description}, {cell.entry}"
        yield f"     stored  {date_time(cell.at)}"
        yield f"     proof   {PROOFS[cell.how]}"


def _of_cells(rack: Rack) -> Iterator[str]:
    for place in rack.places:
        if told := _of_cell(rack, place, rack.cell(place)):
            yield f"{place.label} {rack.userid(place)}: {told}"


def _of_cell(rack: Rack, place: Place, cell: Cell) -> str:
    match cell.state:
        case State.OPEN:
            return "no key yet."
        case State.SKIPPED:
            return "skipped."
        case State.BAD:
            return f"no key yet. {cell.why}".strip()
        case State.STORED if cell.how is How.ENROLLED:
            return "nobody has used the key yet: t in Two Factor proves it."
    return ""


def _of_people(rack: Rack, snapshot: Snapshot) -> Iterator[str]:
    if snapshot.tfa.value is None:
        yield "Second factors could not be read: look at Two Factor."
        return
    for person in rack.people:
        new = {cell.entry for cell in person.cells if cell.entry}
        if not new:
            continue
        entries = entries_of(snapshot, person.userid)
        if not any(entry.type == "recovery" and entry.unused != 0 for entry in entries):
            yield f"{person.userid}: no recovery keys: o in Users makes them."
        old = [one for one in entries if one.id not in new and one.type != "recovery"]
        if old:
            told = ", ".join(named(one) for one in old)
            yield f"{person.userid}: had {told} before: remove what is no longer used."
