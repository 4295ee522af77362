"""LDAP's messages (RFC 4511 section 4), as a server reads and writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pve_auth_tui.simnode.ldapserver import ber

BIND, UNBIND, SEARCH, ABANDON, EXTENDED = 0x60, 0x42, 0x63, 0x50, 0x77
BIND_ANSWER, ENTRY, DONE, REFERENCE, EXTENDED_ANSWER = 0x61, 0x64, 0x65, 0x73, 0x78
ANSWERS: Final = {  # of those that are refused: modify, add, delete, rename, compare
    0x66: 0x67,
    0x68: 0x69,
    0x4A: 0x6B,
    0x6C: 0x6D,
    0x6E: 0x6F,
}
START_TLS: Final = "1.3.6.1.4.1.1466.20037"
PAGED: Final = "1.2.840.113556.1.4.319"
_CONTROLS: Final = 0xA0
_SIMPLE: Final = 0x80
_REQUEST_NAME: Final = 0x80
_REFERRAL: Final = 0xA3

SUCCESS = 0
OPERATIONS_ERROR = 1
PROTOCOL_ERROR = 2
TIME_LIMIT = 3
SIZE_LIMIT = 4
NO_SUCH_METHOD = 7
STRONGER_AUTH = 8
REFERRAL = 10
ADMIN_LIMIT = 11
CRITICAL_EXTENSION = 12
CONFIDENTIALITY = 13
NO_SUCH_OBJECT = 32
BAD_NAME = 34
INVALID_CREDENTIALS = 49
INSUFFICIENT_ACCESS = 50
BUSY = 51
UNAVAILABLE = 52
UNWILLING = 53


class Refusal(Exception):
    """An operation that ends with another code than 0."""

    def __init__(
        self, code: int, text: str = "", matched: str = "", referrals: tuple[str, ...] = ()
    ) -> None:
        super().__init__(text)
        self.code, self.text, self.matched, self.referrals = code, text, matched, referrals


@dataclass(frozen=True, slots=True)
class Control:
    """What is asked for beside an operation."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """`tag`: which operation; `content`: its own octets."""

    number: int
    tag: int
    content: bytes
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """`scope` is 0 for the base, 1 for one level, 2 for all below. `most` 0: no limit."""

    base: str
    scope: int
    most: int
    types_only: bool
    filter: tuple[int, bytes]
    attributes: tuple[str, ...]


def request(data: bytes) -> Request:
    """Of a whole message. Raises BadBer."""
    (outer,) = _exactly(data, 1)
    parts = list(ber.elements(outer[1]))
    if outer[0] != ber.SEQUENCE or len(parts) < 2:
        raise ber.BadBer("no message")
    controls = parts[2][1] if len(parts) > 2 and parts[2][0] == _CONTROLS else b""
    tag, content = parts[1]
    held = tuple(_control(each) for _, each in ber.elements(controls))
    return Request(ber.number(parts[0][1]), tag, content, held)


def credentials(content: bytes) -> tuple[int, str, bytes | None]:
    """(version, name, password) of a bind; no password for SASL. Raises BadBer."""
    version, name, (method, secret) = _exactly(content, 3)
    return ber.number(version[1]), _text(name[1]), secret if method == _SIMPLE else None


def search(content: bytes) -> SearchRequest:
    """Raises BadBer."""
    base, scope, _, most, _, types, wanted, names = _exactly(content, 8)
    return SearchRequest(
        _text(base[1]),
        ber.number(scope[1]),
        ber.number(most[1]),
        types[1] not in (b"\0", b""),
        wanted,
        tuple(_text(name) for _, name in ber.elements(names[1])),
    )


def extension(content: bytes) -> str:
    """The OID of an extended request. Raises BadBer."""
    return _text(dict(ber.elements(content)).get(_REQUEST_NAME, b""))


def page(content: bytes) -> tuple[int, bytes]:
    """(size, cookie) of the control for paged results (RFC 2696). Raises BadBer."""
    (outer,) = _exactly(content, 1)
    size, cookie = _exactly(outer[1], 2)
    return ber.number(size[1]), cookie[1]


def result(
    number: int,
    tag: int,
    refusal: Refusal | None = None,
    *,
    cookie: bytes | None = None,
    name: str = "",
) -> bytes:
    """An LDAPResult. `cookie`: the next page's, b"" after the last. `name`: of an extension."""
    why = refusal or Refusal(SUCCESS)
    parts = [ber.integer(why.code, ber.ENUMERATED), ber.octets(why.matched), ber.octets(why.text)]
    if why.referrals:
        parts.append(ber.sequence(*(ber.octets(url) for url in why.referrals), tag=_REFERRAL))
    if name:
        parts.append(ber.octets(name, 0x8A))
    controls = b""
    if cookie is not None:
        value = ber.sequence(ber.integer(0), ber.octets(cookie))
        control = ber.sequence(ber.octets(PAGED), ber.octets(value))
        controls = ber.sequence(control, tag=_CONTROLS)
    return ber.sequence(ber.integer(number), ber.sequence(*parts, tag=tag), controls)


def entry(number: int, dn: str, attributes: list[bytes]) -> bytes:
    """A SearchResultEntry; attributes are encoded."""
    body = ber.sequence(ber.octets(dn), ber.sequence(*attributes), tag=ENTRY)
    return ber.sequence(ber.integer(number), body)


def reference(number: int, url: str) -> bytes:
    """A SearchResultReference."""
    return ber.sequence(ber.integer(number), ber.sequence(ber.octets(url), tag=REFERENCE))


def notice_of_disconnection(text: str) -> bytes:
    """What a server says before it ends a talk that makes no sense (RFC 4511 4.4.1)."""
    return result(0, EXTENDED_ANSWER, Refusal(PROTOCOL_ERROR, text), name="1.3.6.1.4.1.1466.20036")


def _control(content: bytes) -> Control:
    oid, critical, value = b"", False, b""
    for tag, part in ber.elements(content):
        if tag == ber.BOOLEAN:
            critical = part not in (b"\0", b"")
        elif oid:
            value = part
        else:
            oid = part
    return Control(_text(oid), critical, value)


def _exactly(content: bytes, count: int) -> list[tuple[int, bytes]]:
    found = list(ber.elements(content))
    if len(found) != count:
        raise ber.BadBer(f"{len(found)} elements instead of {count}")
    return found


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
