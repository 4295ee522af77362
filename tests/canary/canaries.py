"""Secrets that are looked for, in every form in which one could have got away.

A canary is a value that must not be anywhere but where somebody wants it. Those that a test makes
up bear `MARK`, so that one search finds all of them; those that come into being in a flow (keys
that PVE makes, tickets, codes) are looked for one by one.
"""

from __future__ import annotations

import re
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from pve_auth_tui.core.otpauth import decode_base32

MARK: Final = "CANARYQX"
"""Base32 as well as a word."""
MARK_IN_APPS: Final = MARK * 2
"""What the secrets of apps begin with: ten bytes when it is decoded."""
MARK_HEX: Final = MARK.encode().hex()
_SHORTEST: Final = 6  # characters: what is shorter is found anywhere
_BASE32: Final = re.compile(r"[A-Z2-7]{16,}")
_DIGITS: Final = re.compile(r"[0-9]{6,8}")
_GAPS: Final = re.compile(rb"[\s\x00-]+")
_DRAWN: Final = re.compile("[▀▄█]{3}[▀▄█ ]{6}")


@dataclass
class Canaries:
    """Name -> values. `taken`: values that the program itself holds to be secret."""

    known: dict[str, set[str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def add(self, name: str, *values: str) -> None:
        """Look for these from now on."""
        self.known.setdefault(name, set()).update(values)

    def take(self, value: str) -> None:
        """The program has made a Secret of it."""
        if len(value) >= _SHORTEST and set(value) != {"0"}:
            self.taken.add(value)

    def named(self, names: Iterable[str]) -> set[str]:
        """All values with these names."""
        return {value for name in names for value in self.known.get(name, ())}

    def found_in(self, data: bytes, allowed: Iterable[str] = ()) -> list[str]:
        """The names of those that are in it; `allowed` are names that may be."""
        may = self.named(allowed)
        unmarked = {v for values in self.known.values() for v in values if not _is_marked(v)}
        needles = (unmarked | {v for v in self.taken if not _is_marked(v)}) - may
        needles = {v for v in needles if not _is_of(v, may)}
        found = set()
        for hay, squeezed in ((data, False), (_GAPS.sub(b"", data), True)):
            rest = _without(hay, may, squeezed=squeezed)
            if any(form in rest for form in marks()) or any(
                form.lower() in rest.lower() for form in (MARK.encode(), MARK_HEX.encode())
            ):
                found.add(self._bearer(rest, squeezed=squeezed))
            for value in needles:
                if _is_in(rest, value, squeezed=squeezed):
                    found.add(self._name(value))
        return sorted(found)

    def _name(self, value: str) -> str:
        named = (name for name, values in self.known.items() if value in values)
        return next(named, f"a Secret of {len(value)} characters, {value[:3]}...")

    def _bearer(self, hay: bytes, *, squeezed: bool) -> str:
        """Whose mark it is."""
        for name, values in self.known.items():
            if any(_is_in(hay, value, squeezed=squeezed) for value in values):
                return name
        return "a part of a marked one"


def drawn_in(data: bytes) -> bool:
    """Whether a piece of a QR code is in it."""
    return _DRAWN.search(data.decode("utf-8", "replace")) is not None


def _is_marked(value: str) -> bool:
    plain = _squeezed(value)
    return MARK in plain or MARK_HEX in plain


def _is_of(value: str, others: Iterable[str]) -> bool:
    """Whether it is a part of one of them, or one of them written otherwise."""
    plain = _squeezed(value)
    return any(plain in _squeezed(one) or _squeezed(one) in plain for one in others)


def _squeezed(value: str) -> str:
    return _GAPS.sub(b"", value.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


@lru_cache(maxsize=1)
def marks() -> frozenset[bytes]:
    """Every form of the mark, wherever it stands in what was encoded."""
    return frozenset({*forms(MARK), MARK_HEX.encode(), *_of_bytes(decode_base32(MARK_IN_APPS))})


@lru_cache(maxsize=4096)
def forms(value: str) -> frozenset[bytes]:
    """The value in the encodings that things are passed on in."""
    raw = value.encode("utf-8", "surrogatepass")
    texts = {
        value,
        quote(raw, safe=""),
        quote_plus(raw),
        quote(raw, safe="").lower(),
        value.encode("unicode_escape").decode(),
        value[::-1],
    }
    found = {text.encode("utf-8", "surrogatepass") for text in texts}
    found |= {value.encode("utf-16-le", "surrogatepass"), *_of_bytes(raw)}
    if _BASE32.fullmatch(value):
        found |= set(_of_bytes(decode_base32(value)))
    return frozenset(found)


def _of_bytes(raw: bytes) -> Iterator[bytes]:
    """As hex, as Base32 and Base64 at any place in something longer, as Python shows bytes."""
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield repr(raw)[2:-1].encode()
    for encode, step in ((b64encode, 3), (urlsafe_b64encode, 3), (b32encode, 5)):
        for ahead in range(step):
            if inner := _inner(encode, step, raw, ahead):
                yield inner


def _inner(encode: object, step: int, raw: bytes, ahead: int) -> bytes:
    """What the bytes become behind `ahead` others; without what the neighbours decide."""
    bits = 6 if step == 3 else 5
    text: bytes = encode(b"\0" * ahead + raw).rstrip(b"=")  # type: ignore[operator]
    first = -(-8 * ahead // bits)
    last = 8 * (ahead + len(raw)) // bits
    inner = text[first:last]
    return inner if len(inner) >= _SHORTEST else b""


def _is_in(hay: bytes, value: str, *, squeezed: bool) -> bool:
    if _DIGITS.fullmatch(value):  # a code: by itself only, for digits are everywhere
        if squeezed:
            return False
        spaced = rb"[ -]?".join(re.escape(digit.encode()) for digit in value)
        return re.search(rb"(?<![0-9A-Za-z.])" + spaced + rb"(?![0-9A-Za-z])", hay) is not None
    if len(value) < _SHORTEST:
        return False
    return any(form in hay for form in _forms(value, squeezed=squeezed))


def _forms(value: str, *, squeezed: bool) -> Iterable[bytes]:
    if not squeezed:
        return forms(value)
    return {_GAPS.sub(b"", form) for form in forms(value)} - {b""}


def _without(hay: bytes, values: Iterable[str], *, squeezed: bool) -> bytes:
    for value in sorted(values, key=len, reverse=True):
        for form in sorted(_forms(value, squeezed=squeezed), key=len, reverse=True):
            if len(form) >= _SHORTEST:
                hay = hay.replace(form, b"~")
    return hay
