"""Typed reading on top of `core.serdejson`: what serde's derive makes of structs and enums.

Every function here returns a reader for one type: it takes a `Reader`, moves it over one
value and returns that, or raises SerdeError in serde's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pve_auth_tui.core.serdejson import (
    BRACE,
    BRACKET,
    END_BRACE,
    NOTHING,
    QUOTE,
    Reader,
    SerdeError,
)

Read: TypeAlias = Callable[[Reader], Any]
Pairs: TypeAlias = list[tuple[str, Any]]


def unexpected(value: object) -> str:
    """What serde calls a value that it did not expect."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{_shown_float(value)}`"
    if isinstance(value, str):
        return f'string "{_debug(value)}"'
    return "map" if isinstance(value, dict) else "sequence"


def _shown_float(value: float) -> str:
    return re.sub(r"e([+-]?)0*", lambda found: f"e{found[1].strip('+')}", repr(value))


def _debug(text: str) -> str:
    shown = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
    return "".join(
        shown.get(char, char if char.isprintable() else f"\\u{{{ord(char):x}}}") for char in text
    )


def expect(value: object, kind: type, name: str, reader: Reader) -> Any:
    """The value if it is of a kind (bool is no int here), else SerdeError."""
    if type(value) is not kind:
        raise reader.refuse(f"invalid type: {unexpected(value)}, expected {name}")
    return value


def expect_integer(value: object, name: str, low: int, high: int, reader: Reader) -> int:
    """The value if it is an int from `low` to `high`, else SerdeError."""
    number: int = expect(value, int, name, reader)
    if not low <= number <= high:
        raise reader.refuse(f"invalid value: integer `{number}`, expected {name}")
    return number


def string(reader: Reader) -> str:
    """A text, or SerdeError."""
    text: str = expect(reader.scalar("a string"), str, "a string", reader)
    return text


def boolean(reader: Reader) -> bool:
    """true or false, or SerdeError."""
    value: bool = expect(reader.scalar("a boolean"), bool, "a boolean", reader)
    return value


def integer(name: str, low: int, high: int) -> Callable[[Reader], int]:
    """A reader for one of Rust's integer types."""
    return lambda reader: expect_integer(reader.scalar(name), name, low, high, reader)


i64 = integer("i64", -(2**63), 2**63 - 1)
u32 = integer("u32", 0, 2**32 - 1)
u8 = integer("u8", 0, 2**8 - 1)


def optional(read: Read) -> Read:
    """`null`, or what `read` reads."""

    def read_optional(reader: Reader) -> Any:
        if reader.peek() == ord("n"):
            return reader.scalar("")
        return read(reader)

    return read_optional


def sequence(read: Read) -> Callable[[Reader], list[Any]]:
    """A list of what `read` reads."""

    def read_sequence(reader: Reader) -> list[Any]:
        if reader.peek() != BRACKET:
            raise wrong_type(reader, "a sequence")
        return [read(reader) for _ in reader.items()]

    return read_sequence


def mapping(read: Read) -> Callable[[Reader], dict[str, Any]]:
    """An object with any names; of one that comes twice the last value counts."""

    def read_mapping(reader: Reader) -> dict[str, Any]:
        if reader.peek() != BRACE:
            raise wrong_type(reader, "a map")
        return {name: read(reader) for name in reader.members()}

    return read_mapping


def array(read: Read, length: int) -> Callable[[Reader], list[Any]]:
    """A list of exactly so many items."""
    name = f"an array of length {length}"

    def read_array(reader: Reader) -> list[Any]:
        if reader.peek() != BRACKET:
            raise wrong_type(reader, name)
        return _fixed_items(reader, [read] * length, f"expected {name}")

    return read_array


def enumeration(variants: Mapping[str, Read | None]) -> Callable[[Reader], tuple[str, Any]]:
    """One of several names, alone or (with a `Read`) as the only member of an object."""

    def read_enumeration(reader: Reader) -> tuple[str, Any]:
        start = reader.peek()
        if start == QUOTE:
            name = string(reader)
            if _variant(name, variants, reader) is not None:
                raise reader.refuse("invalid type: unit variant, expected newtype variant")
            return name, None
        if start != BRACE:
            raise reader.refuse(
                "EOF while parsing a value" if start == NOTHING else "expected value"
            )
        reader.step()
        name = expect(reader.scalar("variant identifier"), str, "variant identifier", reader)
        read = _variant(name, variants, reader)
        reader.colon()
        value = read(reader) if read else expect(reader.scalar("unit"), type(None), "unit", reader)
        if (found := reader.peek()) != END_BRACE:
            raise reader.refuse(
                "EOF while parsing an object" if found == NOTHING else "expected value"
            )
        reader.step()
        return name, value

    return read_enumeration


def _variant(name: str, variants: Mapping[str, Read | None], reader: Reader) -> Read | None:
    if name not in variants:
        raise reader.refuse(f"unknown variant `{name}`, {expected_names(tuple(variants))}")
    return variants[name]


def expected_names(names: Sequence[str]) -> str:
    """serde's list of the names that it knows."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) <= 2:
        return f"expected {' or '.join(quoted)}"
    return f"expected one of {', '.join(quoted)}"


def wrong_type(reader: Reader, expected: str) -> SerdeError:
    """What to raise where a list or an object should start but does not."""
    start = reader.peek()
    if start in {BRACE, BRACKET}:
        kind = "map" if start == BRACE else "sequence"
        return reader.refuse(f"invalid type: {kind}, expected {expected}")
    return reader.refuse(f"invalid type: {unexpected(reader.scalar(''))}, expected {expected}")


class _Required:
    """Marks a field without default."""


REQUIRED = _Required()


@dataclass(frozen=True, slots=True)
class Field:
    """A member of an object: how to read it, and its value when it is left out."""

    name: str
    read: Read
    default: Any = REQUIRED
    required_in_list: bool = False


def struct(
    name: str, fields: Sequence[Field], *, deny_unknown: bool = False
) -> Callable[[Reader], dict[str, Any]]:
    """An object with known members; serde also takes a list of the values in their order."""
    by_name = {item.name: item for item in fields}
    known = tuple(by_name)
    length = f"expected struct {name} with {len(fields)} element{'s' if len(fields) != 1 else ''}"

    def read_struct(reader: Reader) -> dict[str, Any]:
        start = reader.peek()
        if start == BRACE:
            found = _read_members(reader, by_name, known if deny_unknown else None)
            return {item.name: missing(item, found, reader) for item in fields}
        if start == BRACKET:
            return _read_list(reader, fields, length)
        raise wrong_type(reader, f"struct {name}")

    return read_struct


def missing(item: Field, found: Mapping[str, Any], reader: Reader) -> Any:
    """The value found, else the default, else SerdeError."""
    if item.name in found:
        return found[item.name]
    if item.default is REQUIRED:
        raise reader.refuse(f"missing field `{item.name}`")
    return item.default


def _read_members(
    reader: Reader, by_name: Mapping[str, Field], known: Sequence[str] | None
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in reader.members():
        item = by_name.get(name)
        if item is None:
            if known is not None:
                raise reader.refuse(f"unknown field `{name}`, {expected_names(known)}")
            reader.any()
        elif name in found:
            raise reader.refuse(f"duplicate field `{name}`")
        else:
            found[name] = item.read(reader)
    return found


def _read_list(reader: Reader, fields: Sequence[Field], length: str) -> dict[str, Any]:
    reads = [item.read for item in fields]
    enough = sum(item.default is REQUIRED or item.required_in_list for item in fields)
    values = _fixed_items(reader, reads, length, enough)
    defaults = [item.default for item in fields]
    return {
        item.name: values[index] if index < len(values) else defaults[index]
        for index, item in enumerate(fields)
    }


def _fixed_items(
    reader: Reader, reads: Sequence[Read], length: str, enough: int | None = None
) -> list[Any]:
    values: list[Any] = []
    items = reader.items()
    for read in reads:
        if next(items, None) is None:
            if len(values) < (len(reads) if enough is None else enough):
                raise reader.refuse(f"invalid length {len(values)}, {length}")
            return values
        values.append(read(reader))
    if next(items, None) is not None:
        raise reader.refuse("trailing characters")
    return values


def flattened(
    name: str, fields: Sequence[Field]
) -> Callable[[Reader], tuple[dict[str, Any], Pairs]]:
    """An object with known members and others that are kept for a second look.

    Returns (members, others), the others as they come, even twice.
    """
    by_name = {item.name: item for item in fields}

    def read_flattened(reader: Reader) -> tuple[dict[str, Any], Pairs]:
        if reader.peek() != BRACE:
            raise wrong_type(reader, f"struct {name}")
        found: dict[str, Any] = {}
        others: Pairs = []
        for member in reader.members():
            item = by_name.get(member)
            if item is None:
                others.append((member, reader.any()))
            elif member in found:
                raise reader.refuse(f"duplicate field `{member}`")
            else:
                found[member] = item.read(reader)
        return {item.name: missing(item, found, reader) for item in fields}, others

    return read_flattened
