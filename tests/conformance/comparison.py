"""Recorded values beside ours: equal, equal but for an artefact, or different."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.conformance.artefacts import artefact_of


class Comparison:
    """Knows which value of ours stands for which recorded one, once it has seen both.

    `used`: the names of the artefacts that were met. `stub`: whether a stand-in had its part in
    what is compared now.
    """

    def __init__(self) -> None:
        self.stub = False
        self._ours: dict[str, str] = {}
        self._recorded: dict[str, str] = {}
        self.used: set[str] = set()

    def ours(self, text: str) -> str:
        """A recorded text as we must send it: with our ids, tickets, secrets and codes."""
        for recorded in sorted(self._ours, key=len, reverse=True):
            text = text.replace(recorded, self._ours[recorded])
        return text

    def same(self, recorded: Any, ours: Any, field: str = "") -> bool:
        """Whether ours is equal to what was recorded. Lists have no order."""
        return not self.difference(recorded, ours, field)

    def difference(self, recorded: Any, ours: Any, field: str = "") -> str:
        """What is not equal and where (`.tokens.ci.expire: 1, recorded 0`), or ""."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            return self._in_dict(recorded, ours)
        if isinstance(recorded, list) and isinstance(ours, list):
            return self._in_list(recorded, ours, field)
        kind = artefact_of(field, recorded, stub=self.stub)
        if kind and kind.same(recorded, ours):
            self.used.add(kind.name)
            if isinstance(ours, int) or self._remember(recorded, ours, lasting=kind.lasting):
                return ""
        elif type(recorded) is type(ours) and self._known(recorded) == ours:
            return ""
        return f": {ours!r}, recorded {recorded!r}"

    def _in_dict(self, recorded: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
        if recorded.keys() != ours.keys():
            missing, more = sorted(recorded.keys() - ours), sorted(ours.keys() - recorded.keys())
            return f": without {missing}, but with {more}"
        for name in recorded:
            if found := self.difference(recorded[name], ours[name], name):
                return f".{name}{found}"
        return ""

    def _in_list(self, recorded: list[Any], ours: list[Any], field: str) -> str:
        left, right = self._ordered(recorded, field), self._ordered(ours, field)
        if len(left) != len(right):
            masked = [self._masked(item, field) for item in right]
            missing = [item for item in left if self._masked(item, field) not in masked]
            return f": {len(right)} items, recorded {len(left)}, among them {missing}"
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            if found := self.difference(one, other, field):
                return f"[{place}]{found}"
        return ""

    def _known(self, recorded: Any) -> Any:
        """With ours where an id or a secret stands amid a text (`No such tfa entry '...'`)."""
        return self.ours(recorded) if isinstance(recorded, str) else recorded

    def _remember(self, recorded: str, ours: str, *, lasting: bool) -> bool:
        if lasting and (
            self._ours.get(recorded, ours) != ours or self._recorded.get(ours, recorded) != recorded
        ):
            return False
        self._ours[recorded] = ours
        self._recorded[ours] = recorded
        return True

    def _ordered(self, values: list[Any], field: str) -> list[Any]:
        return sorted(values, key=lambda value: json.dumps(self._masked(value, field)))

    def _masked(self, value: Any, field: str) -> Any:
        if isinstance(value, dict):
            return {name: self._masked(value[name], name) for name in sorted(value)}
        if isinstance(value, list):
            return [self._masked(item, field) for item in self._ordered(value, field)]
        kind = artefact_of(field, value, stub=self.stub)
        return f"<{kind.name}>" if kind else value
