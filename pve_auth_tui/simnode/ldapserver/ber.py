"""The part of BER that LDAP uses (RFC 4511 section 5.1): definite lengths, tags of one octet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
OCTETS: Final = 0x04
ENUMERATED: Final = 0x0A
SEQUENCE: Final = 0x30
SET: Final = 0x31
_LONG: Final = 0x80
_MANY: Final = 0x1F  # the tag goes on in the next octet: LDAP has none of these
_LENGTH_OCTETS: Final = 4


class BadBer(ValueError):
    """These octets are no BER of LDAP's kind."""


def header(data: bytes, start: int = 0) -> tuple[int, int, int] | None:
    """(tag, where the content begins, where it ends) of the element at `start`.

    None while the octets that say so are not all there; the content itself may be missing.
    """
    if len(data) < start + 2:
        return None
    tag, length = data[start], data[start + 1]
    if tag & _MANY == _MANY:
        raise BadBer("a tag of more than one octet")
    begin = start + 2
    if length & _LONG:
        octets = length & 0x7F
        if not 0 < octets <= _LENGTH_OCTETS:
            raise BadBer("a length that LDAP does not have")
        if len(data) < begin + octets:
            return None
        length = int.from_bytes(data[begin : begin + octets], "big")
        begin += octets
    return tag, begin, begin + length


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of all elements, one behind the other. Raises BadBer."""
    place = 0
    while place < len(data):
        found = header(data, place)
        if found is None or found[2] > len(data):
            raise BadBer("an element that ends too early")
        tag, begin, end = found
        yield tag, data[begin:end]
        place = end


def number(content: bytes) -> int:
    """Of an INTEGER or ENUMERATED. Raises BadBer."""
    if not 0 < len(content) <= 8:
        raise BadBer("a number that LDAP does not have")
    return int.from_bytes(content, "big", signed=True)


def element(tag: int, content: bytes) -> bytes:
    """Tag, length and content."""
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(octets))) + octets + content


def sequence(*parts: bytes, tag: int = SEQUENCE) -> bytes:
    """Elements in one."""
    return element(tag, b"".join(parts))


def octets(content: bytes | str, tag: int = OCTETS) -> bytes:
    """An OCTET STRING; text as UTF-8."""
    return element(tag, content.encode() if isinstance(content, str) else content)


def set_of(values: Iterable[bytes]) -> bytes:
    """A SET OF OCTET STRING."""
    return element(SET, b"".join(element(OCTETS, value) for value in values))


def integer(value: int, tag: int = INTEGER) -> bytes:
    """An INTEGER or ENUMERATED."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
