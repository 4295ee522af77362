"""PVE's section files: `type: id`, then indented `key value` lines, then an empty line.

Source: PVE::SectionConfig of pve-common 9.2.1. Its habits are kept: what it skips, what it
warns about in which words, what it loses on writing, and what it refuses to write.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.perltext import BLANKS, encode_text, number, shown_number, truthy
from pve_auth_tui.core.schema import Option, Options, Properties
from pve_auth_tui.core.validation import ROOT, value_problems

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)  # bytes: Perl knows ASCII letters only
_LINE_FEED = re.compile(r"[\n\r]")
_SPACE = re.compile(f"[{BLANKS}]+")


class WriteRefused(Refused):
    """PVE refuses to write this, and so do we; `original` is PVE's text."""

    def __init__(self, file: str, original: str) -> None:
        super().__init__(
            f"Proxmox VE would refuse to write {file}: {original.strip() or 'unknown reason'}.",
            "Repair or remove the part of the file that cannot be read, then try again.",
            original,
        )


def _any_id(section_id: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Plugins:
    """What PVE knows about one section file.

    `properties`: all that exist, of whatever type; `options`: section type -> those it may
    have. `id_problem` gives PVE's text about a section id, "" if it is fine. `unread`: types
    that exist in PVE but mean nothing to us; their lines are kept as they are.
    """

    properties: Properties
    options: Mapping[str, Options]
    id_problem: Callable[[str], str] = _any_id
    lower_case_types: bool = False
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """One section with its values as text (booleans `1` or `0`).

    `type` is None where PVE's own reader failed half-way; then `missing` names the required
    options that are not there, and the file cannot be written; `begun` is what stands there all
    the same: the type and the options that could be read. `lines` of unread types.
    """

    id: str
    type: str | None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    missing: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    begun: tuple[str, Mapping[str, str]] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Sections:
    """All sections in PVE's order; of two with one id the last one counts.

    `digest` is the SHA-1 that PVE's API gives out to detect changes.
    """

    sections: tuple[Section, ...]
    warnings: tuple[str, ...]
    digest: str


def parse(data: bytes, file: str, plugins: Plugins) -> Sections:
    """Reads a section file; never fails. `file` is the path as PVE's warnings name it."""
    reader = _Reader(data.decode("latin-1"), file, plugins)
    found = reader.read()
    return Sections(
        tuple(found.values()),
        tuple(reader.warnings),
        hashlib.sha1(data, usedforsecurity=False).hexdigest(),
    )


class _Reader:
    """Goes through the lines once, as PVE's parse_config does."""

    def __init__(self, text: str, file: str, plugins: Plugins) -> None:
        self._lines = self._significant(text)
        self._more = True
        self._number = 0
        self._file = file
        self._plugins = plugins
        self.warnings: list[str] = []

    def read(self) -> dict[str, Section]:
        sections: dict[str, Section] = {}
        while self._more:
            line = self._next()
            if not truthy(line):
                continue
            header = self._header(line)
            if header is None:
                self._warn(f"- ignore config line: {line}")
                continue
            section = self._section(*header)
            if section is not None:
                sections.pop(section.id, None)
                sections[section.id] = section
        return sections

    def _significant(self, text: str) -> Iterator[str]:
        """The lines that are no comments; counts all of them."""
        lines = text.split("\n")
        while lines and not lines[-1]:
            lines.pop()
        for self._number, line in enumerate(lines, 1):
            if not line.lstrip(BLANKS).startswith("#"):
                yield line

    def _next(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self._more = False
            return ""
        return line

    def _warn(self, text: str) -> None:
        self.warnings.append(f"file {self._file} line {self._number} {text}")

    def _header(self, line: str) -> tuple[str, str] | None:
        r"""`^(\S+):\s*(\S+)\s*$`, in linear time."""
        words = _SPACE.split(line.rstrip(BLANKS))
        if len(words) == 1:
            kind, colon, section_id = words[0][:-1].rpartition(":")
            section_id += words[0][-1:]
        elif len(words) == 2 and words[0].endswith(":"):
            kind, colon, section_id = words[0][:-1], ":", words[1]
        else:
            return None
        if not (kind and colon):
            return None
        return kind.translate(_LOWER) if self._plugins.lower_case_types else kind, section_id

    def _section(self, kind: str, section_id: str) -> Section | None:
        problem = self._plugins.id_problem(section_id).rstrip("\n")
        known = kind in self._plugins.options or kind in self._plugins.unread
        if problem or not known:
            problem = problem or f"unsupported type '{kind}'"
            self._warn(f"(skip section '{section_id}'): {problem}")
            for _ in self._body():
                pass
            return None
        if kind in self._plugins.unread:
            return Section(section_id, kind, lines=tuple(self._body()))
        return self._known_section(kind, section_id)

    def _body(self) -> Iterator[str]:
        while truthy(line := self._next()):
            yield line

    def _known_section(self, kind: str, section_id: str) -> Section:
        options: dict[str, str] = {}
        last_number = self._number
        for line in self._body():
            last_number = self._number
            words = line.strip(BLANKS)
            if line[0] not in BLANKS or not words:
                self._warn(f"(section '{section_id}') - ignore config line: {line}")
                continue
            key, *rest = _SPACE.split(words, maxsplit=1)
            try:
                options[key] = self._value(kind, key, rest[0] if rest else None, options)
            except _Rejected as error:
                self._warn(f"(section '{section_id}') - unable to parse value of '{key}': {error}")
        missing = _missing(self._plugins.options[kind], options)
        if not missing:
            return Section(section_id, kind, options)
        self.warnings.append(
            f"file {self._file} line {last_number} (skip section '{section_id}'): "
            f"missing value for required option '{missing[0]}'"
        )
        return Section(section_id, None, missing=missing, begun=(kind, options))

    def _value(self, kind: str, key: str, value: str | None, options: Mapping[str, str]) -> str:
        rule = self._plugins.properties.get(key)
        if rule is None:
            raise _Rejected("unknown property type")
        if key in options:
            raise _Rejected("duplicate attribute")
        if key == "type" and value == kind:
            return kind
        if key not in self._plugins.options[kind]:
            raise _Rejected(f"unexpected property '{key}'")
        if value is None:
            if rule.kind != "boolean":
                raise _Rejected("got undefined value")
            value = "1"
        if _LINE_FEED.search(value):
            raise _Rejected("property contains a line feed")
        problem = value_problems(value, rule).get(ROOT)
        if problem:
            raise _Rejected(problem.rstrip("\n"))
        return _integer(value) if rule.kind == "integer" else value


class _Rejected(Exception):
    """One value is not taken over."""


def _integer(text: str) -> str:
    value = shown_number(number(text.lstrip("+-")))
    return f"-{value}" if text.startswith("-") and value != "0" else value


def _missing(allowed: Options, options: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        name for name, option in allowed.items() if not option.optional and name not in options
    )


def write(sections: Iterable[Section], file: str, plugins: Plugins) -> str:
    """The file's text, sections in the given order, each with its properties in PVE's order.

    Properties that a type may not have are lost. Raises WriteRefused where PVE does: a section
    without a type, a required property that is missing, a line feed in a value.
    """
    return "".join(f"{_section_text(section, file, plugins)}\n" for section in sections)


def _section_text(section: Section, file: str, plugins: Plugins) -> str:
    lines = [f"{section.type}: {section.id}"]
    if section.type in plugins.unread:
        return "\n".join([*lines, *section.lines, ""])
    allowed = plugins.options.get(section.type or "")
    if allowed is None:
        raise WriteRefused(file, f"unknown section type '{section.type or ''}'\n")
    comment = section.options.get("comment")
    if comment is not None and truthy(comment):
        lines.append(f"\tcomment {encode_text(comment)}")
    for name in _written_order(allowed):
        value = section.options.get(name)
        if value is None:
            if allowed[name].optional:
                continue
            raise WriteRefused(
                file, f"section '{section.id}' - missing value for required option '{name}'\n"
            )
        if _LINE_FEED.search(value):
            raise WriteRefused(file, f"property '{name}' contains a line feed\n")
        if plugins.properties[name].kind == "boolean":
            lines.append(f"\t{name} {int(truthy(value))}")
        elif value:
            lines.append(f"\t{name} {value}")
    return "\n".join([*lines, ""])


def _written_order(allowed: Mapping[str, Option]) -> Sequence[str]:
    names = sorted(name for name in allowed if name != "comment")
    return [name for name in names if not allowed[name].optional] + [
        name for name in names if allowed[name].optional
    ]
