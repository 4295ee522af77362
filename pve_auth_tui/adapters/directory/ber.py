"""As much of BER as LDAP needs (RFC 4511 5.1): definite lengths, one octet for a tag.

Nothing is copied or kept before its length has been compared with what is there, and nothing
nests deeper than whoever reads asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

INTEGER: Final = 0x02
OCTETS: Final = 0x04
ENUMERATED: Final = 0x0A
SEQUENCE: Final = 0x30
SET: Final = 0x31

_LENGTH_OCTETS: Final = 4

Octets: TypeAlias = bytes | bytearray


class NotBer(ValueError):
    """The octets are something else."""


def measure(data: Octets, at: int) -> tuple[int, int] | None:
    """Where the content of the element at `at` begins and how long it is; None when the octets
    that say so have not come yet. Whether the content is there is not looked at.
    """
    if len(data) < at + 2:
        return None
    first = data[at + 1]
    if first < 0x80:
        return at + 2, first
    count = first & 0x7F
    if not 0 < count <= _LENGTH_OCTETS:
        raise NotBer("a length of unknown form")
    start = at + 2 + count
    if len(data) < start:
        return None
    return start, int.from_bytes(data[at + 2 : start], "big")


def element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, begin and end of the content of the element at `at`, all of it before `end`."""
    if end - at < 2:
        raise NotBer("an element is missing")
    length = data[at + 1]
    start = at + 2
    if length >= 0x80:
        found = measure(data, at)
        if found is None:
            raise NotBer("an element is cut off")
        start, length = found
    stop = start + length
    if stop > end:
        raise NotBer("an element is cut off")
    return data[at], start, stop


def elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """One after the other until `end`."""
    while at < end:
        found = element(data, at, end)
        yield found
        at = found[2]


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Begin and end of the content of an element that has to have this tag."""
    found, start, stop = element(data, at, end)
    if found != tag:
        raise NotBer(f"a tag is {found:#x} where {tag:#x} belongs")
    return start, stop


def number(data: bytes, start: int, stop: int) -> int:
    """Of the content of an INTEGER or ENUMERATED, at most 4 octets long (RFC 4511: maxInt)."""
    if not 0 < stop - start <= 4:
        raise NotBer("a number is too long")
    return int.from_bytes(data[start:stop], "big", signed=True)


def packed(tag: int, content: bytes) -> bytes:
    """An element."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def packed_number(value: int, tag: int = INTEGER) -> bytes:
    """Of a number from 0 on."""
    return packed(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))
