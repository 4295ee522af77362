"""Rack mode: keys for several people in one go, as a table of cells. Pure.

A cell is one key for one person. It is open until PVE has stored an entry for it, or somebody
skips it. Nothing here is secret: no PIN, no challenge, of a serial number the end alone.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.keys import KeyInfo
from pve_auth_tui.core.names import text_problem
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.words import count_words, date

MOST_PEOPLE: Final = 200
MOST_KEYS: Final = 5
PATTERN: Final = "key {number}, {date}"
"""What a new entry is called, unless somebody wants another word."""

_PARTS: Final = ("label", "number", "date", "user")
_TAIL: Final = 4  # characters of a serial number that are kept
_LONGEST: Final = 64  # characters of what a key says of itself
_LONGEST_PATTERN: Final = 200
_LONGEST_WHY: Final = 400


class State(Enum):
    """The word in the table."""

    OPEN = "open"
    STORED = "ok"
    SKIPPED = "skip"
    BAD = "BAD"


class Proving(Enum):
    """When somebody shows that a new key works: a login at once, a login later, a signature."""

    NOW = "now"
    LATER = "later"
    SIGNATURE = "signature"


class Place(NamedTuple):
    """A cell's place, both from 0."""

    person: int
    key: int

    @property
    def label(self) -> str:
        """`A1`, `B2`; `AA1` follows `Z1`."""
        return f"{letters(self.person)}{self.key + 1}"


class Tag(NamedTuple):
    """Which key it was, as far as paper may know: product, the end of its serial, its model's id.

    All three come from the key: untrusted text.
    """

    product: str = ""
    serial: str = ""
    aaguid: str = ""


NO_TAG: Final = Tag()
"""Of a key that nobody looked at."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One key for one person.

    `entry` is the id in PVE once it is stored at `at` (seconds since 1970) as `description`.
    `why`: what went wrong last, as a sentence, with BAD.
    """

    state: State = State.OPEN
    entry: str = ""
    description: str = ""
    tag: Tag = NO_TAG
    at: float = 0.0
    how: How = How.ENROLLED
    why: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who gets keys."""

    userid: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Rack:
    """`people` from A on, each with the same number of cells. `begun`: seconds since 1970."""

    people: tuple[Person, ...]
    pattern: str = PATTERN
    proving: Proving = Proving.SIGNATURE
    begun: float = 0.0

    @property
    def keys_each(self) -> int:
        return len(self.people[0].cells)

    @property
    def places(self) -> tuple[Place, ...]:
        """All cells in their order: A1, A2, B1, ..."""
        each = range(self.keys_each)
        return tuple(Place(person, key) for person in range(len(self.people)) for key in each)

    def cell(self, place: Place) -> Cell:
        return self.people[place.person].cells[place.key]

    def userid(self, place: Place) -> str:
        return self.people[place.person].userid

    def description(self, place: Place) -> str:
        """What the cell's entry is to be called."""
        userid = self.userid(place)
        return described(self.pattern, userid, place, self.begun)

    def in_state(self, *states: State) -> tuple[Place, ...]:
        return tuple(place for place in self.places if self.cell(place).state in states)

    @property
    def unfinished(self) -> tuple[Place, ...]:
        """What still waits for a key."""
        return self.in_state(State.OPEN, State.BAD)

    @property
    def summary(self) -> str:
        """`3 of 8 keys`."""
        stored = len(self.in_state(State.STORED))
        return f"{stored} of {count_words(len(self.places), 'key', 'keys')}"


# --- a new one --------------------------------------------------------------------------


def new_rack(
    userids: Sequence[str],
    keys_each: int,
    *,
    pattern: str = PATTERN,
    proving: Proving = Proving.SIGNATURE,
    now: float = 0.0,
) -> Rack:
    """All cells open. Raises UsageError for what makes no table."""
    people = tuple(dict.fromkeys(userids))
    if not people:
        raise UsageError("Nobody was chosen.", "Choose who gets keys.")
    if len(people) > MOST_PEOPLE:
        raise UsageError(f"A rack has room for {MOST_PEOPLE} people.", "Begin with some of them.")
    if not 1 <= keys_each <= MOST_KEYS:
        raise UsageError(f"Everybody gets 1 to {MOST_KEYS} keys.")
    if problem := pattern_problem(pattern, keys_each):
        raise UsageError(problem)
    cells = (Cell(),) * keys_each
    made = tuple(Person(userid, cells) for userid in people)
    rack = Rack(made, pattern.strip(), proving, now)
    for place in rack.places:
        if too_long := text_problem("Two factor description", rack.description(place)):
            raise UsageError(f"{place.label}: {too_long}")
    return rack


def pattern_problem(pattern: str, keys_each: int) -> str:
    """What is wrong with a description's pattern, as one sentence; "" when nothing is."""
    text = pattern.strip()
    if not text:
        return "PVE wants a description, for example: rack {number}."
    if len(text) > _LONGEST_PATTERN:
        return f"A pattern has at most {_LONGEST_PATTERN} characters."
    try:
        parts = [
            (name, bool(form or conversion))
            for _, name, form, conversion in string.Formatter().parse(text)
            if name is not None
        ]
    except ValueError:
        parts = [("", True)]
    if any(odd or name not in _PARTS for name, odd in parts):
        return f"Only these stand in braces: {', '.join(_PARTS)}."
    if keys_each > 1 and not {"label", "number"} & {name for name, _ in parts}:
        return "{number} or {label} tells the keys of one person apart."
    return ""


def described(pattern: str, userid: str, place: Place, at: float) -> str:
    """The description that a pattern without a problem gives."""
    return pattern.format(
        label=place.label,
        number=place.key + 1,
        date=date(at),
        user=userid.rpartition("@")[0],
    )


def letters(number: int) -> str:
    """0 is `A`, 25 `Z`, 26 `AA`."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = string.ascii_uppercase[rest] + text
    return text


def tag_of(info: KeyInfo) -> Tag:
    """What is kept of a key."""
    place = info.place
    return Tag(place.product[:_LONGEST], place.serial[-_TAIL:], info.aaguid[:_LONGEST])


# --- what happens to a cell ----------------------------------------------------------------


def next_open(rack: Rack, after: Place | None = None) -> Place | None:
    """The next cell that waits for a key, round the end; None when all are done."""
    waiting = rack.unfinished
    if after is None:
        return waiting[0] if waiting else None
    return next((place for place in waiting if place > after), waiting[0] if waiting else None)


def stored(rack: Rack, place: Place, entry: str, tag: Tag, at: float) -> Rack:
    """PVE has an entry for it now. Raises Refused for a cell or an entry that is done already."""
    cell = rack.cell(place)
    if cell.state is State.STORED:
        raise Refused(f"{place.label} has a key already.")
    if not entry or entry in _entries(rack, place.person):
        raise Refused(f"{place.label}: that entry belongs to another key.")
    description = rack.description(place)
    return _with(rack, place, Cell(State.STORED, entry, description, tag, at))


def proved(rack: Rack, place: Place, how: How) -> Rack:
    """Its key was seen to work. What was proved by a login stays so. Raises Refused."""
    cell = rack.cell(place)
    if cell.state is not State.STORED:
        raise Refused(f"{place.label} has no key yet.")
    better = how if _RANK[how] > _RANK[cell.how] else cell.how
    return _with(rack, place, replace(cell, how=better))


def failed(rack: Rack, place: Place, why: str) -> Rack:
    """It did not work, and waits for another try. Raises Refused for a cell that is done."""
    _require_waiting(rack, place)
    return _with(rack, place, Cell(State.BAD, why=why[:_LONGEST_WHY]))


def skipped(rack: Rack, place: Place) -> Rack:
    """It gets no key this time. Raises Refused for a cell that is done."""
    _require_waiting(rack, place)
    return _with(rack, place, Cell(State.SKIPPED))


def reopened(rack: Rack, place: Place) -> Rack:
    """It waits for a key again; what PVE has stored for it is no longer known here."""
    return _with(rack, place, Cell())


_RANK: Final = {How.ENROLLED: 0, How.SIGNATURE: 1, How.LOGIN: 2}


def _require_waiting(rack: Rack, place: Place) -> None:
    if rack.cell(place).state is State.STORED:
        raise Refused(f"{place.label} has a key already.", "Remove it in Two Factor.")


def _entries(rack: Rack, person: int) -> Iterator[str]:
    return (cell.entry for cell in rack.people[person].cells if cell.state is State.STORED)


def _with(rack: Rack, place: Place, cell: Cell) -> Rack:
    person = rack.people[place.person]
    cells = (*person.cells[: place.key], cell, *person.cells[place.key + 1 :])
    people = list(rack.people)
    people[place.person] = replace(person, cells=cells)
    return replace(rack, people=tuple(people))
