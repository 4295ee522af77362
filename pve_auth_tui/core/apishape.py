"""What an answer of PVE's API must look like to be used at all.

Every answer is untrusted: whoever reads one goes through these functions, which raise
Unreadable for another shape and never KeyError or TypeError. Perl tells numbers, flags and
texts apart by chance, so each may arrive as another one of them (`"privsep": "0"`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.perltext import split_list

Fields = Mapping[str, Any]

MOST_ROWS: Final = 400_000
_MOST_DIGITS: Final = 400  # Perl's largest number has 309
_LARGEST: Final = math.nextafter(
    math.inf, 0.0
)  # and this is it: whatever is compared fits into a float
_INTEGER: Final = re.compile("-?[0-9]+")
_HINT: Final = "Press r to read again. Does this PVE speak through a proxy of somebody else?"


def strange(what: str) -> Unreadable:
    """The error for an answer that is no answer of PVE; `what` names the part, not its value."""
    return Unreadable("PVE's API answered in a form that PVE never uses.", _HINT, what)


def rows(answer: Any, what: str) -> Sequence[Fields]:
    """A list of objects; null is the empty list, as PVE means it."""
    if answer is None:
        return ()
    if not isinstance(answer, list) or len(answer) > MOST_ROWS:
        raise strange(f"{what}: no list, or one that is too long")
    for row in answer:
        fields(row, what)
    return answer


def fields(answer: Any, what: str) -> Fields:
    """One object."""
    if not isinstance(answer, dict) or not all(isinstance(name, str) for name in answer):
        raise strange(f"{what}: no object")
    return answer


def as_text(value: Any, what: str) -> str:
    """A text; a number or flag is the text that Perl would print."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int) and abs(value) < 10**_MOST_DIGITS:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.15g}"
    raise strange(f"{what}: no text")


def text(row: Fields, name: str, what: str) -> str:
    """A field that must be there."""
    return as_text(row.get(name), f"{what}: {name}")


def optional_text(row: Fields, name: str, what: str) -> str | None:
    """A field that may be left out or null: None, as opposed to empty."""
    return None if row.get(name) is None else text(row, name, what)


def number(row: Fields, name: str, what: str, *, signed: bool = False) -> int | None:
    """A whole number, not below 0 unless `signed`; None when it is left out, null or empty."""
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, int) and abs(value) <= _LARGEST and (signed or value >= 0):
        return int(value)
    raise strange(f"{what}: {name} is no number")


def flag(row: Fields, name: str, what: str, *, missing: bool = False) -> bool:
    """Perl's idea of true; `missing` is what a field means that is left out or null."""
    value = row.get(name)
    if value is None:
        return missing
    if isinstance(value, str | int | float):
        return value not in ("", "0", 0)
    raise strange(f"{what}: {name} is no flag")


def words(value: Any, what: str) -> tuple[str, ...]:
    """A list of names, as a list or as a text with commas; sorted, each once."""
    if value is None:
        return ()
    if isinstance(value, list) and len(value) <= MOST_ROWS:
        return tuple(sorted({as_text(item, what) for item in value}))
    return tuple(sorted(set(split_list(as_text(value, what)))))
