"""LDAP's messages (RFC 4511): those we send as octets, those that come as values.

Nothing that comes is trusted: whatever is no LDAP raises NotBer, a value above VALUE_OCTETS
raises TooLong. No referral is read any further than its tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pve_auth_tui.adapters.directory.ber import (
    ENUMERATED,
    INTEGER,
    OCTETS,
    SEQUENCE,
    SET,
    NotBer,
    element,
    elements,
    expect,
    number,
    packed,
    packed_number,
)
from pve_auth_tui.core.directory.ports import Entry

VALUE_OCTETS: Final = 64 * 1024  # R12
COOKIE_OCTETS: Final = 64 * 1024

# protocolOp (RFC 4511 4.2 to 4.14)
BIND_REQUEST, BIND_RESPONSE = 0x60, 0x61
UNBIND: Final = 0x42
SEARCH_REQUEST, ENTRY, DONE, REFERENCE = 0x63, 0x64, 0x65, 0x73
ABANDON: Final = 0x50
EXTENDED_REQUEST, EXTENDED_RESPONSE = 0x77, 0x78
INTERMEDIATE: Final = 0x79

START_TLS: Final = b"1.3.6.1.4.1.1466.20037"
PAGED: Final = b"1.2.840.113556.1.4.319"  # RFC 2696

_MOST_NAMES: Final = 1000
_CONTROLS: Final = 0xA0
_SIMPLE: Final = 0x80
_REQUEST_NAME: Final = 0x80
_RESPONSE_NAME: Final = 0x8A
_SCOPES: Final = {"BASE": 0, "LEVEL": 1, "SUBTREE": 2}
_DEREF_FINDING_BASE: Final = 2  # what Net::LDAP sends unless told otherwise
_FALSE: Final = b"\x01\x01\x00"
_VERSION: Final = packed_number(3)


class TooLong(Exception):
    """One value is longer than VALUE_OCTETS; `dn` of the entry, `attribute` its name."""

    def __init__(self, dn: bytes, attribute: str) -> None:
        super().__init__(attribute)
        self.dn = dn
        self.attribute = attribute


class Message(NamedTuple):
    """What came: `start` and `stop` of the content of its operation, within `data`."""

    number: int
    operation: int
    data: bytes
    start: int
    stop: int


class Result(NamedTuple):
    """LDAPResult: its code, the DN that matched, the server's own words. `name`: of an extended
    response, "" without.
    """

    code: int
    matched: bytes
    text: bytes
    name: bytes = b""


# --- what we send ---


def message(identity: int, operation: bytes, controls: bytes = b"") -> bytes:
    """The whole LDAPMessage around an operation."""
    around = packed(_CONTROLS, controls) if controls else b""
    return packed(SEQUENCE, packed_number(identity) + operation + around)


def start_tls() -> bytes:
    return packed(EXTENDED_REQUEST, packed(_REQUEST_NAME, START_TLS))


def simple_bind(dn: str, password: str) -> bytes:
    name = packed(OCTETS, _octets(dn))
    return packed(BIND_REQUEST, _VERSION + name + packed(_SIMPLE, _octets(password)))


def unbind() -> bytes:
    return packed(UNBIND, b"")


def abandon(identity: int) -> bytes:
    return packed_number(identity, ABANDON)


def search(base: str, scope: str, compiled: bytes, attributes: Sequence[str]) -> bytes:
    """No limits of ours are asked for: PVE asks for none, and the server has its own."""
    wanted = b"".join(packed(OCTETS, _octets(name)) for name in attributes)
    content = (
        packed(OCTETS, _octets(base))
        + packed_number(_SCOPES[scope], ENUMERATED)
        + packed_number(_DEREF_FINDING_BASE, ENUMERATED)
        + packed_number(0)
        + packed_number(0)
        + _FALSE
        + compiled
        + packed(SEQUENCE, wanted)
    )
    return packed(SEARCH_REQUEST, content)


def paging(size: int, cookie: bytes) -> bytes:
    """The control, not critical, as PVE sends it: a server without paging answers at once."""
    value = packed(SEQUENCE, packed_number(size) + packed(OCTETS, cookie))
    return packed(SEQUENCE, packed(OCTETS, PAGED) + packed(OCTETS, value))


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "replace")


# --- what comes ---


def received(data: bytes) -> Message:
    """Of the octets of one whole LDAPMessage."""
    start, stop = expect(data, 0, len(data), SEQUENCE)
    first, last = expect(data, start, stop, INTEGER)
    identity = number(data, first, last)
    operation, start, stop = element(data, last, stop)
    return Message(identity, operation, data, start, stop)


def result(message: Message) -> Result:
    """Of a message whose operation is an LDAPResult with or without more behind it."""
    data, stop = message.data, message.stop
    first, last = expect(data, message.start, stop, ENUMERATED)
    code = number(data, first, last)
    first, last = expect(data, last, stop, OCTETS)
    matched = data[first:last]
    first, last = expect(data, last, stop, OCTETS)
    name = b""
    for tag, start, end in elements(data, last, stop):
        if tag == _RESPONSE_NAME:
            name = data[start:end]
    return Result(code, matched, data[first:last], name)


def entry(message: Message, names: dict[bytes, str]) -> Entry:
    """Of a SearchResultEntry. `names` remembers how attributes are written in small letters."""
    data, stop = message.data, message.stop
    first, last = expect(data, message.start, stop, OCTETS)
    dn = data[first:last]
    at, stop = expect(data, last, stop, SEQUENCE)
    found: dict[str, list[bytes]] = {}
    while at < stop:
        start, at = expect(data, at, stop, SEQUENCE)
        first, last = expect(data, start, at, OCTETS)
        raw = data[first:last]
        name = names.get(raw)
        if name is None:
            name = raw.decode("utf-8", "replace").lower()
            if len(names) < _MOST_NAMES:
                names[raw] = name
        start, last = expect(data, last, at, SET)
        values = []
        while start < last:
            first, start = expect(data, start, last, OCTETS)
            if start - first > VALUE_OCTETS:
                raise TooLong(dn, name)
            values.append(data[first:start])
        if values:
            found[name] = found[name] + values if name in found else values
    return Entry(dn, found)


def cookie(message: Message) -> bytes:
    """Where the next page begins, of a SearchResultDone; b"" when there is none."""
    data = message.data
    if message.stop == len(data):
        return b""
    at, end = expect(data, message.stop, len(data), _CONTROLS)
    for tag, start, stop in elements(data, at, end):
        if tag != SEQUENCE:
            raise NotBer("a control is none")
        first, last = expect(data, start, stop, OCTETS)
        if data[first:last] != PAGED:
            continue
        for kind, begin, over in elements(data, last, stop):
            if kind == OCTETS:
                return _cookie_of(data, begin, over)
    return b""


def _cookie_of(data: bytes, at: int, end: int) -> bytes:
    start, stop = expect(data, at, end, SEQUENCE)
    _, last = expect(data, start, stop, INTEGER)
    first, last = expect(data, last, stop, OCTETS)
    if last - first > COOKIE_OCTETS:
        raise NotBer("a cookie is too long")
    return data[first:last]
