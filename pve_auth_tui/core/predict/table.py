"""A mapping that is copied at its first change, so that what nobody changes stays the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Table(Generic[T]):
    """Reads like the mapping it was made of; `now` is that very mapping until the first change."""

    __slots__ = ("_own", "now")

    def __init__(self, values: Mapping[str, T]) -> None:
        self.now = values
        self._own: dict[str, T] | None = None

    def __contains__(self, name: object) -> bool:
        return name in self.now

    def __getitem__(self, name: str) -> T:
        return self.now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.now)

    def get(self, name: str) -> T | None:
        """The value, None when there is none."""
        return self.now.get(name)

    def put(self, name: str, value: T) -> None:
        """Set a value; one that is equal to what is there changes nothing."""
        if self.now.get(name) != value or name not in self.now:
            self._writable()[name] = value

    def drop(self, name: str) -> None:
        """Remove a name; nothing happens when it is not there."""
        if name in self.now:
            del self._writable()[name]

    def _writable(self) -> dict[str, T]:
        if self._own is None:
            self._own = dict(self.now)
            self.now = self._own
        return self._own
