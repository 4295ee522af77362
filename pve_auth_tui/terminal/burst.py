"""Tell a person typing from a burst of keys (security.md R4).

A touched YubiKey types 44 letters and Enter in one go, and a paste into a terminal without
bracketed paste arrives as keys too. Nothing may happen because of either. Times are seconds
of one monotonic clock: Textual's `event.time` and its `get_time()`.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, Literal, NamedTuple, TypeVar

WINDOW: Final = 0.05
"""Seconds. A held key repeats at about 30 a second: four of them take 0.1 s."""
KEYS: Final = 4

Kind = Literal["acts", "moves", "types"]
_NEVER = float("-inf")


class Bursts:
    """Hears of every key in the order of arrival; knows which of them were a burst."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=KEYS)
        self._start = self._end = _NEVER

    def heard(self, time: float, *, printable: bool) -> None:
        """A key arrived. Only printable ones make a burst; others (Enter) can belong to one."""
        if not printable:
            return
        self._recent.append(time)
        first = self._recent[0]
        if len(self._recent) == KEYS and time - first <= WINDOW:
            if first > self._end:
                self._start = first
            self._end = time + WINDOW

    def pasted(self, time: float) -> None:
        """A bracketed paste arrived: keys right behind it (its Enter) belong to it."""
        self._start = min(self._start, time) if time <= self._end else time
        self._end = time + WINDOW

    def covers(self, time: float) -> bool:
        """Whether the key heard at `time` belongs to a burst, as far as is known by now."""
        return self._start <= time <= self._end


Key = TypeVar("Key")


class _Waiting(NamedTuple, Generic[Key]):
    key: Key
    time: float
    kind: Kind


class Gate(Generic[Key]):
    """Lets keys through in their order, and those of a burst not at all.

    `acts`: the key would do something; it waits until the burst it may belong to would be
    known (WINDOW). `moves`: the cursor at most; it goes through at once unless a burst is
    under way. `types`: text for a field, which is what a burst is for; always goes through.
    A key behind one that waits, waits with it.
    """

    def __init__(self, bursts: Bursts) -> None:
        self._bursts = bursts
        self._waiting: deque[_Waiting[Key]] = deque()
        self.dropped = 0  # keys that a burst has cost

    def arrived(self, key: Key, time: float, kind: Kind, *, printable: bool) -> list[Key]:
        """Hears of the key; gives those that may go on now, in order."""
        self._bursts.heard(time, printable=printable)
        self._waiting.append(_Waiting(key, time, kind))
        return self.released(time)

    def released(self, now: float) -> list[Key]:
        """The keys that may go on at `now`, in order. Call it at `due`."""
        through: list[Key] = []
        while self._waiting:
            key, time, kind = self._waiting[0]
            if kind != "types" and self._bursts.covers(time):
                self._waiting.popleft()
                self.dropped += 1
                continue
            if kind == "acts" and now <= time + WINDOW:
                break
            self._waiting.popleft()
            through.append(key)
        return through

    @property
    def due(self) -> float | None:
        """When the first key that waits can be released; None when none waits."""
        return self._waiting[0].time + WINDOW if self._waiting else None
