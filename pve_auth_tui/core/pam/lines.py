"""One line of a PAM file as libpam reads it: pam.conf(5), libpam's pam_line.c and pam_misc.c.

What libpam rejects is kept: it does not leave such a line out, it fails where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from pve_auth_tui.core.pam.codes import BAD, CONTROLS, DEFAULT, WORDS, Actions, number_of

_BLANKS: Final = " \t\n"
_C_SPACES: Final = " \t\n\v\f\r"
_MOST_JUMP: Final = 2**31 - 1
LONGEST: Final = 1022
"""Bytes of a line, its end not counted, that libpam 1.5 (Debian 12) reads as one."""


class Logical(NamedTuple):
    """A line put together of one or more. `number`: of its first; `text` without the comment.

    `split`: a comment or an empty line stands where it goes on: Debian 12 leaves it out, 13 ends
    the line there. `open`: the file ends where it should go on, so libpam reads none of the file.
    """

    number: int
    text: str
    split: bool = False
    open: bool = False


def logical_lines(text: str) -> Iterator[Logical]:
    """The lines that say something, continued ones (`\\` at the end) as one."""
    parts: list[str] = []
    first = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.split("\0", 1)[0]
        if not line and number > text.count("\n"):
            break  # what follows the last newline is no line
        stripped = line.rstrip(_BLANKS)
        goes_on = stripped.endswith("\\") and "#" not in line
        if stripped.endswith("\\"):
            line = stripped[:-1] + " "
        piece = line.lstrip(" \t").split("#", 1)[0]
        if goes_on:
            first = first if parts else number
            parts.append(piece)
            continue
        split = bool(parts) and not piece.strip(_BLANKS)
        whole = "".join([*parts, piece])
        if whole:
            yield Logical(first if parts else number, whole, split)
        parts = []
    if parts:
        yield Logical(first, "".join(parts), open=True)


def too_long(text: str) -> tuple[int, ...]:
    """Numbers of the lines that Debian 12's libpam would read in pieces, comments too."""
    return tuple(
        number
        for number, line in enumerate(text.split("\n"), 1)
        if len(line.encode("utf-8", "surrogateescape")) > LONGEST
    )


def tokens(text: str) -> list[str]:
    """Words as libpam takes them: `[a b]` is one, without its brackets; `\\]` in it is `]`."""
    found: list[str] = []
    at, end = 0, len(text)
    while True:
        while at < end and text[at] in _BLANKS:
            at += 1
        if at >= end:
            return found
        if text[at] != "[":
            start = at
            while at < end and text[at] not in _BLANKS:
                at += 1
            found.append(text[start:at])
            at += 1
            continue
        at += 1
        inside: list[str] = []
        while at < end and text[at] != "]":
            if text.startswith("\\]", at):
                at += 1
            inside.append(text[at])
            at += 1
        found.append("".join(inside))
        at += 1


def control(word: str) -> tuple[Actions, str]:
    """What each result leads to, and why libpam rejects the control ("" when it does not).

    A rejected one makes the line fail whatever its module says.
    """
    known = CONTROLS.get(word.lower())
    if known is not None:
        return known, ""
    table: list[int | None] = [None] * DEFAULT
    rest = word.lstrip(_C_SPACES)
    while rest:
        name = next((one for one in WORDS if rest.startswith(one)), None)
        if name is None:
            return _rejected("a result is not known", rest)
        rest = rest[len(name) :].lstrip(_C_SPACES)
        if not rest.startswith("="):
            return _rejected("an = is missing", rest)
        rest = rest[1:].lstrip(_C_SPACES)
        action, rest = _action(rest)
        if action is None:
            return _rejected("an action is not known", rest)
        code = number_of(name)
        if code == DEFAULT:
            table = [action if one is None else one for one in table]
        else:
            table[code] = action
        rest = rest.lstrip(_C_SPACES)
    return tuple(BAD if one is None else one for one in table), ""


def _rejected(why: str, rest: str) -> tuple[Actions, str]:
    return (BAD,) * DEFAULT, f"{why} at `{rest}`" if rest else f"{why} at its end"


def _action(rest: str) -> tuple[int | None, str]:
    for at, name in enumerate(("ignore", "ok", "done", "bad", "die", "reset")):
        if rest.startswith(name):
            return -at, rest[len(name) :]
    digits = len(rest) - len(rest.lstrip("0123456789"))
    jump = int(rest[: min(digits, 11)] or "0")
    if not 0 < jump <= _MOST_JUMP or digits > 11:
        return None, rest
    return jump, rest[digits:]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line in its parts. `kind`: `auth` and so on in small letters, `@include`, or what stands
    there instead. `silent`: a `-` before it. `target`: module or file, None when there is none.
    """

    number: int
    code: str
    kind: str
    silent: bool
    control: str | None
    target: str | None
    arguments: tuple[str, ...]


def rule(line: Logical) -> Rule:
    """Whatever stands there."""
    words = tokens(line.text)
    first = words[0] if words else ""
    silent = first.startswith("-")
    kind = first.removeprefix("-").lower()
    code = " ".join(line.text.split())
    if kind == "@include":
        return Rule(line.number, code, kind, silent, None, words[1] if words[1:] else None, ())
    return Rule(
        line.number,
        code,
        kind,
        silent,
        words[1] if words[1:] else None,
        words[2] if words[2:] else None,
        tuple(words[3:]),
    )
