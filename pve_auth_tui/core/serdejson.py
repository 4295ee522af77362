"""Reads JSON as PVE's Rust core does (serde_json 1.0), in the same order and words.

Which mistake is reported first depends on reading value by value into the expected types, so
that is what this does. It is slow and meant for files that are not as usual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
MAX_DEPTH = 64

_BLANK = re.compile(rb"[ \t\n\r]*")
_PLAIN_TEXT = re.compile(rb'[^"\\\x00-\x1f]*')
_HEX4 = re.compile(rb"[0-9a-fA-F]{4}")
_DIGITS = re.compile(rb"[0-9]*")
_ESCAPES = {
    ord('"'): b'"',
    ord("\\"): b"\\",
    ord("/"): b"/",
    ord("b"): b"\b",
    ord("f"): b"\f",
    ord("n"): b"\n",
    ord("r"): b"\r",
    ord("t"): b"\t",
}
_WORDS: Mapping[int, tuple[bytes, bool | None]] = {
    ord("n"): (b"null", None),
    ord("t"): (b"true", True),
    ord("f"): (b"false", False),
}
QUOTE, BRACE, END_BRACE, BRACKET, END_BRACKET = b'"{}[]'
_COMMA, _COLON, _MINUS, _BACKSLASH = b",:-\\"
_EXPONENT, _SIGNS = frozenset(b"eE"), frozenset(b"+-")
NOTHING = -1
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_MOST_DIGITS = 400  # more than the largest float has


class SerdeError(Exception):
    """PVE's core would not take this; the text is its own, position included."""


class TooDeep(Exception):
    """More levels than we read (R12); PVE's core stops at 128."""


class Reader:
    """A position in a JSON text; every method reads one thing and moves on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._depth = 0

    def refuse(self, text: str) -> SerdeError:
        """The error to raise: `text`, and where the reader stands, as serde_json says it."""
        line = self._data.count(b"\n", 0, self._at) + 1
        column = self._at - (self._data.rfind(b"\n", 0, self._at) + 1)
        return SerdeError(f"{text} at line {line} column {column}")

    def peek(self) -> int:
        """The next byte that is no blank, or -1 at the end."""
        found = _BLANK.match(self._data, self._at)
        if found:
            self._at = found.end()
        return self._data[self._at] if self._at < len(self._data) else NOTHING

    def end(self) -> None:
        """Nothing but blanks may follow."""
        if self.peek() != NOTHING:
            raise self.refuse("trailing characters")

    def any(self) -> Any:
        """Whatever stands here, as Python value; of a name that comes twice the last one."""
        start = self.peek()
        if start == BRACE:
            return {name: self.any() for name in self.members()}
        if start == BRACKET:
            return [self.any() for _ in self.items()]
        return self._scalar(start)

    def scalar(self, expected: str) -> Any:
        """A value that is neither list nor object, or SerdeError with what was expected."""
        start = self.peek()
        if start in {BRACE, BRACKET}:
            kind = "map" if start == BRACE else "sequence"
            raise self.refuse(f"invalid type: {kind}, expected {expected}")
        return self._scalar(start)

    def members(self) -> Iterator[str]:
        """The names in an object; the caller reads each value before asking for the next."""
        yield from self._inside(self._names())

    def items(self) -> Iterator[int]:
        """Counts the items of a list; the caller reads each item before asking for the next."""
        yield from self._inside(self._indexes())

    def colon(self) -> None:
        """What stands between a name and its value."""
        found = self.peek()
        if found != _COLON:
            raise self.refuse("EOF while parsing an object" if found == NOTHING else "expected `:`")
        self._at += 1

    def step(self) -> None:
        """Over the byte that `peek` showed."""
        self._at += 1

    def _inside(self, parts: Iterator[T]) -> Iterator[T]:
        self._at += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooDeep
        yield from parts
        self._depth -= 1

    def _names(self) -> Iterator[str]:
        first = True
        while (found := self.peek()) != END_BRACE:
            if found == NOTHING:
                raise self.refuse("EOF while parsing an object")
            if not first:
                if found != _COMMA:
                    raise self.refuse("expected `,` or `}`")
                self._at += 1
                found = self.peek()
                if found == END_BRACE:
                    raise self.refuse("trailing comma")
                if found == NOTHING:
                    raise self.refuse("EOF while parsing a value")
            if found != QUOTE:
                raise self.refuse("key must be a string")
            name = self._text()
            self.colon()
            yield name
            first = False
        self._at += 1

    def _indexes(self) -> Iterator[int]:
        index = 0
        while (found := self.peek()) != END_BRACKET:
            if found == NOTHING:
                raise self.refuse("EOF while parsing a list")
            if index:
                if found != _COMMA:
                    raise self.refuse("expected `,` or `]`")
                self._at += 1
                found = self.peek()
                if found == END_BRACKET:
                    raise self.refuse("trailing comma")
                if found == NOTHING:
                    raise self.refuse("EOF while parsing a value")
            yield index
            index += 1
        self._at += 1

    def _scalar(self, start: int) -> Any:
        if start == QUOTE:
            return self._text()
        if start == _MINUS or ord("0") <= start <= ord("9"):
            return self._number()
        if start in _WORDS:
            return self._word(*_WORDS[start])
        raise self.refuse("EOF while parsing a value" if start == NOTHING else "expected value")

    def _word(self, word: bytes, value: bool | None) -> bool | None:
        for byte in word:
            if self._at >= len(self._data):
                raise self.refuse("EOF while parsing a value")
            if self._data[self._at] != byte:
                raise self.refuse("expected ident")
            self._at += 1
        return value

    def _byte(self) -> int:
        return self._data[self._at] if self._at < len(self._data) else NOTHING

    def _run_of_digits(self) -> bytes:
        found = _DIGITS.match(self._data, self._at)
        digits = found.group() if found else b""
        self._at += len(digits)
        return digits

    def _number(self) -> int | float:
        start = self._at
        negative = self._byte() == _MINUS
        self._at += negative
        whole = self._run_of_digits()
        if not whole:
            raise self.refuse(
                "EOF while parsing a value" if self._byte() == NOTHING else "invalid number"
            )
        if len(whole) > 1 and whole.startswith(b"0"):
            raise self.refuse("invalid number")
        is_whole = True
        if self._byte() == ord("."):
            is_whole = False
            self._at += 1
            if not self._run_of_digits():
                raise self.refuse(
                    "EOF while parsing a value" if self._byte() == NOTHING else "invalid number"
                )
        if self._byte() in _EXPONENT:
            is_whole = False
            self._at += 1
            self._at += self._byte() in _SIGNS
            if not self._run_of_digits():
                raise self.refuse("invalid number")
        text = self._data[start : self._at]
        if is_whole and len(whole) < _MOST_DIGITS and text != b"-0":
            value = int(text)
            if _SMALLEST <= value <= _LARGEST:
                return value
        number = float(text)
        if number in {float("inf"), float("-inf")}:
            raise self.refuse("number out of range")
        return number

    def _text(self) -> str:
        self._at += 1
        parts: list[bytes] = []
        while True:
            found = _PLAIN_TEXT.match(self._data, self._at)
            if found:
                parts.append(found.group())
                self._at = found.end()
            byte = self._byte()
            if byte == NOTHING:
                raise self.refuse("EOF while parsing a string")
            self._at += 1
            if byte == QUOTE:
                break
            if byte != _BACKSLASH:
                raise self.refuse(
                    "control character (\\u0000-\\u001F) found while parsing a string"
                )
            parts.append(self._escape())
        try:
            return b"".join(parts).decode()
        except UnicodeDecodeError:
            raise self.refuse("invalid unicode code point") from None

    def _escape(self) -> bytes:
        byte = self._byte()
        if byte == NOTHING:
            raise self.refuse("EOF while parsing a string")
        self._at += 1
        if byte in _ESCAPES:
            return _ESCAPES[byte]
        if byte != ord("u"):
            raise self.refuse("invalid escape")
        code = self._hex()
        if 0xDC00 <= code <= 0xDFFF:
            raise self.refuse("lone leading surrogate in hex escape")
        if 0xD800 <= code <= 0xDBFF:
            if self._data[self._at : self._at + 2] != b"\\u":
                raise self.refuse("unexpected end of hex escape")
            self._at += 2
            low = self._hex()
            if not 0xDC00 <= low <= 0xDFFF:
                raise self.refuse("lone leading surrogate in hex escape")
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        return chr(code).encode()

    def _hex(self) -> int:
        found = _HEX4.match(self._data, self._at)
        if not found:
            short = len(self._data) - self._at < 4
            raise self.refuse("EOF while parsing a string" if short else "invalid escape")
        self._at = found.end()
        return int(found.group(), 16)
