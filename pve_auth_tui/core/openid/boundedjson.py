"""JSON of somebody else's, read within limits (security.md R12) and without doubt.

A name that comes twice is refused: two programs would read two different documents.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

MOST: Final = 1 << 20  # bytes
DEEPEST: Final = 64


class BadJson(ValueError):
    """Why it is not taken, as a clause."""


def read_json(data: bytes) -> Any:
    """Its value. Raises BadJson for anything that is not JSON within the limits."""
    if len(data) > MOST:
        raise BadJson("it is larger than 1 MiB")
    if _depth(data) > DEEPEST:
        raise BadJson(f"it is nested deeper than {DEEPEST}")
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except BadJson:
        raise
    except (ValueError, RecursionError, OverflowError):
        raise BadJson("it is not JSON") from None


def _depth(data: bytes) -> int:
    """How deep it goes, told before anything is built; brackets in strings do not count."""
    deepest = depth = 0
    quoted = escaped = False
    for byte in data:
        if quoted:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                quoted = False
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("a name stands in it twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise BadJson(f"{text} is no number of JSON")
