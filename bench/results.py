"""What a measurement says, and whether that is good enough."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One number; `bound` is the most that it may be. `detail` says where it comes from."""

    name: str
    value: float
    unit: str
    bound: float
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.value <= self.bound


def as_json(results: Sequence[Result]) -> str:
    return json.dumps([asdict(result) | {"ok": result.ok} for result in results], indent=1)


def as_table(results: Sequence[Result]) -> str:
    """One line each: state, name, value, bound, detail."""
    width = max(len(result.name) for result in results)
    return "\n".join(
        f"{'ok ' if result.ok else 'BAD'}  {result.name:<{width}}"
        f"  {result.value:8.4g} {result.unit:<2}  at most {result.bound:g} {result.unit:<2}"
        f"  {result.detail}".rstrip()
        for result in results
    )
