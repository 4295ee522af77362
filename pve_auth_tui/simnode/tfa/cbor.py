"""CBOR as the core reads it (serde_cbor 0.11), down to its words for what it does not take.

Our own, and not that of the library that talks to keys: the node checks what that one made.
"""

from __future__ import annotations

import struct
from typing import Any, Final, NoReturn

_DEEPEST: Final = 127
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_ENDLESS, _BREAK = 31, 0xFF
_CONSTANTS: Final = {0xF4: False, 0xF5: True, 0xF6: None, 0xF7: None}
_FLOATS: Final = {0xF9: (2, ">e"), 0xFA: (4, ">f"), 0xFB: (8, ">d")}


class CborError(Exception):
    """Not CBOR; the text is the core's, position included."""


def decode(data: bytes) -> Any:
    """The one value that the bytes hold: int, bytes, str, list, dict, bool, None or float.

    Keys of a dict are int and str as they are; others become something that no key equals.
    Raises CborError.
    """
    value, end = decode_first(data)
    if end != len(data):
        raise CborError(f"trailing data at offset {end}")
    return value


def decode_first(data: bytes) -> tuple[Any, int]:
    """The first value, and where it ends. Raises CborError."""
    reader = _Reader(data)
    return reader.value(), reader.at


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0
        self._depth = 0

    def value(self) -> Any:
        first = self._byte()
        major, low = first >> 5, first & 0x1F
        if major == _SIMPLE:
            return self._simple(first)
        if low == _ENDLESS:
            return self._endless(major)
        number = self._argument(low)
        if major in {_UNSIGNED, _NEGATIVE}:
            return number if major == _UNSIGNED else -1 - number
        if major == _BYTES:
            return self._take(number)
        if major == _TEXT:
            return self._text(number)
        self._deeper()
        value = self._container(major, number)
        self._depth -= 1
        return value

    def _container(self, major: int, number: int) -> Any:
        if major == _TAG:
            return self.value()
        if major == _LIST:
            items = []
            for _ in range(number):
                items.append(self.value())
            return items
        pairs = {}
        for _ in range(number):
            key = _key(self.value())
            pairs[key] = self.value()
        return pairs

    def _endless(self, major: int) -> Any:
        if major in {_BYTES, _TEXT}:
            return self._chunks(major)
        if major not in {_LIST, _MAP}:
            self._refuse("unassigned type")
        self._deeper()
        items: list[Any] = []
        while not self._is_break():
            items.append(self.value())
            if major == _MAP:
                items.append(self.value())
        self._depth -= 1
        if major == _LIST:
            return items
        return {_key(key): value for key, value in zip(items[::2], items[1::2], strict=True)}

    def _chunks(self, major: int) -> bytes | str:
        parts = b""
        while not self._is_break():
            first = self._byte()
            if first >> 5 != major or first & 0x1F == _ENDLESS:
                self._refuse("unexpected code")
            parts += self._take(self._argument(first & 0x1F))
        return parts if major == _BYTES else self._decoded(parts)

    def _is_break(self) -> bool:
        found = self.at < len(self._data) and self._data[self.at] == _BREAK
        self.at += found
        return found

    def _simple(self, first: int) -> Any:
        if first in _CONSTANTS:
            return _CONSTANTS[first]
        if first in _FLOATS:
            size, form = _FLOATS[first]
            return struct.unpack(form, self._take(size))[0]
        self._refuse("unexpected code" if first == _BREAK else "unassigned type")

    def _argument(self, low: int) -> int:
        if low < 24:
            return low
        if low > 27:
            self._refuse("unassigned type")
        return int.from_bytes(self._take(1 << (low - 24)), "big")

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self.at:
            self.at = len(self._data)
            self._refuse("EOF while parsing a value")
        self.at += size
        return self._data[self.at - size : self.at]

    def _text(self, size: int) -> str:
        return self._decoded(self._take(size))

    def _decoded(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            self.at -= len(data) - error.start
            self._refuse("invalid UTF-8")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse("recursion limit exceeded")

    def _refuse(self, text: str) -> NoReturn:
        raise CborError(f"{text} at offset {self.at}" if self.at else text)


def _key(value: Any) -> Any:
    return value if type(value) in {int, str} else (type(value).__name__, repr(value))
