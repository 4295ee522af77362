"""Search filters (RFC 4511 4.5.1.7) as functions of an entry, with X.511's three answers:
True, False, and None where the attribute is one that the directory does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from pve_auth_tui.simnode.ldapserver import ber
from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree, fold
from pve_auth_tui.simnode.ldapserver.names import BadName, Name, compared

Test: TypeAlias = Callable[[Entry], bool | None]

_AND, _OR, _NOT = 0xA0, 0xA1, 0xA2
_EQUAL, _SUBSTRINGS, _AT_LEAST, _AT_MOST, _PRESENT, _ALIKE = 0xA3, 0xA4, 0xA5, 0xA6, 0x87, 0xA8
_EXTENSIBLE: Final = 0xA9
_INITIAL, _FINAL = 0x80, 0x82
_RULE, _TYPE, _VALUE = 0x81, 0x82, 0x83
_BITS_ALL: Final = "1.2.840.113556.1.4.803"
_BITS_ANY: Final = "1.2.840.113556.1.4.804"
_IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
_DEEPEST: Final = 32
_ALWAYS: Final = "objectclass"
_NAMES: Final = {"member", "memberof", "uniquemember", "distinguishedname", "manager", "seealso"}
_CATEGORY: Final = "objectcategory"


class BadFilter(ValueError):
    """These octets are no filter."""


def compiled(tag: int, content: bytes, tree: Tree, depth: int = 0) -> Test:
    """The function for an encoded filter. Raises BadFilter and BadBer."""
    if depth > _DEEPEST:
        raise BadFilter("too deep")
    if tag in (_AND, _OR):
        tests = [compiled(*part, tree, depth + 1) for part in ber.elements(content)]
        return _all(tests) if tag == _AND else _any(tests)
    if tag == _NOT:
        (part,) = list(ber.elements(content))[:1] or [(0, b"")]
        return _not(compiled(*part, tree, depth + 1))
    if tag == _PRESENT:
        return _present(_attribute(content), tree)
    if tag == _EXTENSIBLE:
        return _extensible(content, tree)
    if tag == _SUBSTRINGS:
        return _substrings(content, tree)
    if tag in (_EQUAL, _ALIKE, _AT_LEAST, _AT_MOST):
        parts = [part for _, part in ber.elements(content)]
        if len(parts) != 2:
            raise BadFilter("an assertion without a value")
        name = _attribute(parts[0])
        if tag in (_EQUAL, _ALIKE):
            return _known(name, tree, _equal(name, parts[1]))
        return _known(name, tree, _ordered(name, parts[1], at_least=tag == _AT_LEAST))
    raise BadFilter(f"a filter of kind {tag:#x}")


def _attribute(content: bytes) -> str:
    """Its name in small letters, without options."""
    try:
        return content.decode("ascii").lower().partition(";")[0]
    except UnicodeError as error:
        raise BadFilter("an attribute's name") from error


def _all(tests: list[Test]) -> Test:
    def test(entry: Entry) -> bool | None:
        answer: bool | None = True
        for one in tests:
            found = one(entry)
            if found is False:
                return False
            if found is None:
                answer = None
        return answer

    return test


def _any(tests: list[Test]) -> Test:
    def test(entry: Entry) -> bool | None:
        answer: bool | None = False
        for one in tests:
            found = one(entry)
            if found:
                return True
            if found is None:
                answer = None
        return answer

    return test


def _not(inner: Test) -> Test:
    def test(entry: Entry) -> bool | None:
        found = inner(entry)
        return None if found is None else not found

    return test


def _known(name: str, tree: Tree, test: Test) -> Test:
    return test if name in tree.known else lambda entry: None


def _present(name: str, tree: Tree) -> Test:
    if name == _ALWAYS:
        return lambda entry: True
    return _known(name, tree, lambda entry: bool(entry.values(name)))


def _equal(name: str, value: bytes) -> Test:
    wanted = fold(value)
    if name in _NAMES or (name == _CATEGORY and "=" in wanted):
        dn = _as_name(wanted)
        return lambda entry: (
            dn is not None and any(_as_name(held) == dn for held in entry.folded(name))
        )
    if name == _CATEGORY:  # AD takes a class's short name
        return lambda entry: any(held.startswith(f"cn={wanted},") for held in entry.folded(name))
    return lambda entry: wanted in entry.folded(name)


def _as_name(text: str) -> Name | None:
    try:
        return compared(text)
    except BadName:
        return None


def _ordered(name: str, value: bytes, *, at_least: bool) -> Test:
    wanted = fold(value)

    def fits(held: str) -> bool:
        first, second = _number(held), _number(wanted)
        if first is not None and second is not None:
            return first >= second if at_least else first <= second
        return held >= wanted if at_least else held <= wanted

    return lambda entry: any(fits(held) for held in entry.folded(name))


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _substrings(content: bytes, tree: Tree) -> Test:
    whole = list(ber.elements(content))
    if len(whole) != 2:
        raise BadFilter("substrings without any")
    name = _attribute(whole[0][1])
    pieces = [(tag, fold(part)) for tag, part in ber.elements(whole[1][1])]
    if not pieces:
        raise BadFilter("substrings without any")

    def fits(held: str) -> bool:
        place, end = 0, len(held)
        for tag, piece in pieces:
            if tag == _INITIAL:
                found = 0 if held.startswith(piece) else -1
            elif tag == _FINAL:
                found = end - len(piece) if held.endswith(piece) else -1
                found = found if found >= place else -1
            else:
                found = held.find(piece, place)
            if found < 0:
                return False
            place = found + len(piece)
        return True

    return _known(name, tree, lambda entry: any(fits(held) for held in entry.folded(name)))


def _extensible(content: bytes, tree: Tree) -> Test:
    """AD's three rules; any other one is unknown here."""
    parts = dict(ber.elements(content))
    name, wanted = _attribute(parts.get(_TYPE, b"")), fold(parts.get(_VALUE, b""))
    rule = parts.get(_RULE, b"").decode("latin-1")
    bits = _number(wanted)
    if rule == _BITS_ALL and bits is not None:
        return _known(name, tree, lambda e: any(n & bits == bits for n in _numbers(e, name)))
    if rule == _BITS_ANY and bits is not None:
        return _known(name, tree, lambda e: any(n & bits for n in _numbers(e, name)))
    if rule == _IN_CHAIN:
        return _known(name, tree, _chained(name, wanted, tree))
    return lambda entry: None


def _numbers(entry: Entry, name: str) -> list[int]:
    return [number for held in entry.folded(name) if (number := _number(held)) is not None]


def _chained(name: str, wanted: str, tree: Tree) -> Test:
    """Does following an attribute from entry to entry come to this name?"""
    target = _as_name(wanted)

    def test(entry: Entry) -> bool:
        seen: set[Name] = set()
        waiting = [entry]
        while waiting:
            for held in waiting.pop().folded(name):
                found = _as_name(held)
                if found == target and found is not None:
                    return True
                if found is not None and found not in seen:
                    seen.add(found)
                    waiting += filter(None, [tree.get(found)])
        return False

    return test
