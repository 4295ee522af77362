"""The values of one call, as PVE's schema lets them through."""

from __future__ import annotations

from collections.abc import Mapping


class Params:
    """Checked values as text, those of the path among them: booleans are `0` or `1`."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """The value, or what stands for a missing one."""
        return self._values.get(name, default)

    def number(self, name: str, default: int = 0) -> int:
        """The value of a whole number."""
        return int(self._values[name]) if name in self._values else default

    def flag(self, name: str, default: bool = False) -> bool:
        """The value of a boolean."""
        return self._values[name] == "1" if name in self._values else default

    def without(self, *names: str) -> dict[str, str]:
        """All values but these."""
        return {name: value for name, value in self._values.items() if name not in names}
