"""Recorded inputs of PVE's own parsers (tests/conformance/golden/parsing.json)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[1] / "conformance" / "golden"


@dataclass(frozen=True)
class Recorded:
    """`data` is the file PVE read, `rewritten` what it may write back without a change.

    `warnings` come without Perl's own noise about undefined values.
    """

    name: str
    data: bytes
    warnings: tuple[str, ...]
    rewritten: tuple[bytes, ...]
    parsed: Any

    def __str__(self) -> str:
        return self.name


@cache
def recorded(file: str) -> tuple[Recorded, ...]:
    """The cases that are about one file, `user.cfg` or `priv/token.cfg`."""
    cases = json.loads((GOLDEN / "parsing.json").read_text())["cases"]
    return tuple(
        Recorded(
            case["name"],
            _bytes(case["input"][file]),
            tuple(
                text.rstrip("\n")
                for text in case["warnings"].get(file, ())
                if not text.startswith("Use of uninitialized value")
            ),
            tuple(
                _bytes(written)
                for written in (
                    case["rewrite_plain"]["file"],
                    *case["rewrite_plain"].get("other_possible_files", ()),
                )
            ),
            (case.get("parsed") or {}).get(file),
        )
        for case in cases
        if case["focus"] == file
    )


def _bytes(file: dict[str, str]) -> bytes:
    return base64.b64decode(file["b64"])
