"""An unfinished rack as JSON, so that interrupted work goes on: who, which cells, how proved.

It holds no secret. What is read is not trusted: it is one of ours, or Unreadable is raised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeVar

from pve_auth_tui.core.errors import AuthTuiError, Unreadable
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import MOST_KEYS, MOST_PEOPLE, Cell, Person, Proving, Rack, State, Tag
from pve_auth_tui.core.rack import new_rack as fresh

MOST_BYTES: Final = 1024 * 1024
_FORM: Final = 1  # of the file; what a later version writes is not guessed at
_LONGEST: Final = 512  # characters of a text: a description has 255
_LATEST: Final = 2.0**40
_TOP: Final = frozenset({"form", "pattern", "proving", "begun", "people"})
_CELL: Final = frozenset({"state", "entry", "description", "tag", "at", "how", "why"})

E = TypeVar("E", bound=Enum)


def to_json(rack: Rack) -> str:
    """One JSON object."""
    people = [
        {"userid": person.userid, "cells": [_cell_data(cell) for cell in person.cells]}
        for person in rack.people
    ]
    data = {
        "form": _FORM,
        "pattern": rack.pattern,
        "proving": rack.proving.value,
        "begun": rack.begun,
        "people": people,
    }
    return json.dumps(data, separators=(",", ":"))


def from_json(text: str) -> Rack:
    """Reads what `to_json` wrote, and nothing else; raises Unreadable."""
    if len(text) > MOST_BYTES:
        raise _unreadable("it is too long")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise _unreadable("it is no JSON") from None
    if not isinstance(data, dict) or data.keys() != _TOP:
        raise _unreadable("it has other members than it should")
    if type(data["form"]) is not int or data["form"] != _FORM:
        raise _unreadable("another version of this program wrote it")
    people = tuple(map(_person, _list(data["people"], MOST_PEOPLE)))
    rack = Rack(people, _text(data["pattern"]), _one(Proving, data["proving"]), _time(data))
    _require_table(rack)
    return rack


def _require_table(rack: Rack) -> None:
    """The same rules as for a new one, and each entry stands in one cell."""
    userids = [person.userid for person in rack.people]
    sizes = {len(person.cells) for person in rack.people}
    if len(set(userids)) != len(userids) or len(sizes) != 1:
        raise _unreadable("it is no table")
    try:
        new = fresh(userids, sizes.pop(), pattern=rack.pattern, now=rack.begun)
    except AuthTuiError:
        raise _unreadable("it is no table") from None
    if new.pattern != rack.pattern:
        raise _unreadable("it is no table")
    for person in rack.people:
        entries = [cell.entry for cell in person.cells if cell.entry]
        if len(set(entries)) != len(entries):
            raise _unreadable("two cells have the same entry")


def _cell_data(cell: Cell) -> dict[str, Any]:
    return {
        "state": cell.state.value,
        "entry": cell.entry,
        "description": cell.description,
        "tag": list(cell.tag),
        "at": cell.at,
        "how": cell.how.value,
        "why": cell.why,
    }


def _person(data: Any) -> Person:
    if not isinstance(data, dict) or data.keys() != {"userid", "cells"}:
        raise _unreadable("a person has other members than it should")
    return Person(_text(data["userid"]), tuple(map(_cell, _list(data["cells"], MOST_KEYS))))


def _cell(data: Any) -> Cell:
    if not isinstance(data, dict) or data.keys() != _CELL:
        raise _unreadable("a cell has other members than it should")
    tag = _list(data["tag"], len(Tag._fields))
    if len(tag) != len(Tag._fields):
        raise _unreadable("a key is not told as it should be")
    state = _one(State, data["state"])
    cell = Cell(
        state,
        _text(data["entry"]),
        _text(data["description"]),
        Tag(*map(_text, tag)),
        _time(data, "at"),
        _one(How, data["how"]),
        _text(data["why"]),
    )
    if bool(cell.entry) != (state is State.STORED):
        raise _unreadable("a cell has an entry or not, against its state")
    return cell


def _list(data: Any, most: int) -> list[Any]:
    if not isinstance(data, list) or len(data) > most:
        raise _unreadable("a list is none, or too long")
    return data


def _text(data: Any) -> str:
    if not isinstance(data, str) or len(data) > _LONGEST:
        raise _unreadable("a text is none, or too long")
    return data


def _time(data: Mapping[str, Any], name: str = "begun") -> float:
    value = data[name]
    if type(value) not in (int, float) or not 0 <= value < _LATEST:
        raise _unreadable("a time is none")
    return float(value)


def _one(kind: type[E], data: Any) -> E:
    try:
        return kind(_text(data))
    except ValueError:
        raise _unreadable("a word is not known") from None


def _unreadable(why: str) -> Unreadable:
    return Unreadable(
        f"The unfinished rack cannot be read: {why}.",
        "Begin anew; Two Factor shows what is stored.",
    )
