"""Where the members of a JSON text stand, so that some can go and every other byte stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.serdejson import MAX_DEPTH

_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^ \t\n\r"{}\[\],:]+', re.DOTALL)
_OPEN: Final = {b"{": b"}", b"[": b"]"}


class NotFound(Exception):
    """The text is no JSON of objects along the way that was asked for."""


class _Value(NamedTuple):
    """From `start` to `end`; `kind` is `{`, `[` or empty for what has no parts."""

    start: int
    end: int
    kind: bytes = b""
    parts: Sequence[_Part] = ()


class _Part(NamedTuple):
    """A member with its name, or a list's item (its name is empty), from `start` on."""

    start: int
    name: str
    value: _Value


def cut(data: bytes, way: Sequence[str], is_gone: Callable[[int, str], bool]) -> bytes:
    """The text without some parts of the object or list that `way` leads to, name by name.

    `is_gone` gets each part's place and its name ("" in a list). Of a name that comes twice the
    last one counts, as for PVE's core. Raises NotFound; `data` is valid JSON, or may be.
    """
    value = _read(data)
    for name in way:
        inside = [part.value for part in value.parts if part.name == name]
        if not inside:
            raise NotFound
        value = inside[-1]
    parts = value.parts
    kept = [at for at, part in enumerate(parts) if not is_gone(at, part.name)]
    if not value.kind or len(kept) == len(parts):
        raise NotFound
    text = [data[: parts[0].start]]
    for at in kept:
        end = parts[at].value.end if at == kept[-1] else parts[at + 1].start
        text.append(data[parts[at].start : end])
    return b"".join([*text, data[parts[-1].value.end :]])


def _read(data: bytes) -> _Value:
    tokens = _TOKEN.finditer(data)
    try:
        return _value(next(tokens), tokens, MAX_DEPTH)
    except (StopIteration, ValueError):
        raise NotFound from None


def _value(token: re.Match[bytes], tokens: Iterator[re.Match[bytes]], depth: int) -> _Value:
    kind = token.group()
    end = _OPEN.get(kind)
    if end is None:
        return _Value(token.start(), token.end())
    if not depth:
        raise NotFound
    parts: list[_Part] = []
    following = next(tokens)
    while following.group() != end:
        if following.group() == b",":
            following = next(tokens)
        start, name = following.start(), ""
        if kind == b"{":
            name = str(json.loads(following.group()))
            next(tokens)  # the colon
            following = next(tokens)
        parts.append(_Part(start, name, _value(following, tokens, depth - 1)))
        following = next(tokens)
    return _Value(token.start(), following.end(), kind, parts)
