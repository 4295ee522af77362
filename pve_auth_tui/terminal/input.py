"""From the bytes that a terminal sends to Textual's messages, whatever they are.

Textual's parser does the work; three things in it end the program or deafen it (8.2.8):

- a byte that is not UTF-8, as line noise and Latin-1 terminals send (its issue 6456);
- sequences with numbers out of range, such as `ESC [ 9999999999 u`, on which it raises;
- the start of a bracketed paste whose end got lost: every later key would be text.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Final

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

PASTE_SILENCE: Final = 2.0
"""Seconds without input after which a paste is over, its end or not."""


class Input:
    """Stateful: feed it everything in order, and `tick` it when nothing comes."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")(errors="replace")
        self._parser = XTermParser()
        self._tail = ""
        self._pasting = False
        self._heard = 0.0

    def feed(self, data: bytes, now: float) -> Iterator[Message]:
        """The messages that `data` completes. `now` in seconds of a monotonic clock."""
        self._heard = now
        for character in self._decoder.decode(data):
            self._watch_for_paste(character)
            yield from self._parsed(character)

    def tick(self, now: float) -> Iterator[Message]:
        """The messages that the passing of time completes: a lone Esc, a paste without end."""
        if self._pasting and now - self._heard > PASTE_SILENCE:
            self._pasting = False
            for character in BRACKETED_PASTE_END:
                yield from self._parsed(character)
        try:
            yield from self._parser.tick()
        except Exception:  # noqa: BLE001 (see _parsed)
            self._parser = XTermParser()

    def _parsed(self, character: str) -> Iterator[Message]:
        try:
            yield from self._parser.feed(character)
        except Exception:  # noqa: BLE001 (nothing that a terminal sends may end the program)
            self._parser = XTermParser()

    def _watch_for_paste(self, character: str) -> None:
        self._tail = (self._tail + character)[-len(BRACKETED_PASTE_START) :]
        if self._tail == BRACKETED_PASTE_START:
            self._pasting = True
        elif self._tail == BRACKETED_PASTE_END:
            self._pasting = False
