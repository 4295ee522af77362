"""A rack as rows of a table, and one of its cells in stages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.listing import Column, Row
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import Place, Proving, Rack, State, letters
from pve_auth_tui.core.racksheet import key_words
from pve_auth_tui.core.words import date_time

NOW: Final = "now"
"""The word of the cell that is worked on."""

_PROVED: Final = {
    How.LOGIN: "proved by a login",
    How.SIGNATURE: "its signature was checked; nobody logged in",
    How.ENROLLED: "not proved: t in Two Factor proves it",
}
_PROVING: Final = {
    Proving.NOW: "proof: now, by login",
    Proving.LATER: "proof: later",
    Proving.SIGNATURE: "proof: signature only",
}


class Told(NamedTuple):
    """A stage of one cell, as `widgets.stages.Stage` has it."""

    name: str
    word: Word
    texts: tuple[str, ...] = ()


def columns(keys_each: int) -> tuple[Column, ...]:
    """A letter, the person, a column for each key."""
    keys = (Column(f"Key {number}", 7) for number in range(1, keys_each + 1))
    return (Column("", 2), Column("User name", 18, grow=True), *keys)


def rows(rack: Rack, at: Place | None, *, works: bool) -> list[Row]:
    """One row for each person; `at` is marked, and `works`: it is worked on now."""
    return [
        Row(
            person.userid,
            (
                letters(number),
                person.userid,
                *(
                    _cell(rack, Place(number, key), at, works=works)
                    for key in range(rack.keys_each)
                ),
            ),
        )
        for number, person in enumerate(rack.people)
    ]


def _cell(rack: Rack, place: Place, at: Place | None, *, works: bool) -> str:
    state = rack.cell(place).state
    if place != at:
        return f"  {state.value}"
    is_now = works and state in {State.OPEN, State.BAD}
    return f"> {NOW if is_now else state.value}"


def heading(rack: Rack) -> tuple[str, str]:
    """Left and right of the line above the table."""
    return f"Rack: {rack.summary}", _PROVING[rack.proving]


def cell_heading(rack: Rack, place: Place) -> str:
    """`A1 anna@corp: key 1, 2026-11-22`."""
    described = rack.cell(place).description or rack.description(place)
    return f"{place.label} {rack.userid(place)}: {described}"


def stages(
    rack: Rack, place: Place, about: Sequence[tuple[Word, str]] = (), *, proves: bool = False
) -> list[Told]:
    """The cell as it stands; `about`: what is known of the key that is plugged in for it.
    `proves`: its proof is under way.
    """
    cell = rack.cell(place)
    is_stored = cell.state is State.STORED
    if about:
        word: Word = "LOOK" if any(word != "ok" for word, _ in about) else "ok"
        key = Told("Key", word, tuple(text for _, text in about))
    elif is_stored:
        key = Told("Key", "ok", (key_words(cell.tag),))
    else:
        key = Told("Key", "-", ("skipped",) if cell.state is State.SKIPPED else ())
    if is_stored:
        touched = Told("Stored", "ok", (f"{date_time(cell.at)} as {cell.entry}",))
    elif cell.state is State.BAD:
        touched = Told("Stored", "BAD", (cell.why,))
    else:
        touched = Told("Stored", "-")
    if not is_stored or proves:
        return [key, touched, Told("Proof", "-")]
    seen: Word = "LOOK" if cell.how is How.ENROLLED else "ok"
    return [key, touched, Told("Proof", seen, (_PROVED[cell.how],))]
